import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from brainlens.evaluation.exact import clopper_pearson, where_draws_agree


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_it_is_scipys_exact_interval(case: tuple[int, int]) -> None:
    hits, trials = case
    expected = binomtest(hits, trials).proportion_ci(0.95, "exact")
    assert clopper_pearson(hits, trials) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_all_right_has_a_closed_form() -> None:
    for n, bound in ((3, 0.29), (30, 0.88), (300, 0.988)):
        low, high = clopper_pearson(n, n)
        assert low == pytest.approx(0.025 ** (1 / n))
        assert low == pytest.approx(bound, abs=0.005)
        assert high == 1


@given(
    st.integers(1, 200).flatmap(lambda n: st.tuples(st.floats(0, n, width=32), st.just(n))),
    st.sampled_from([0.5, 0.9, 0.95, 0.99]),
)
def test_broken_numbers_of_hits_lie_between_whole_ones(
    case: tuple[float, int], level: float
) -> None:
    hits, trials = case
    low, high = clopper_pearson(hits, trials, level=level)
    assert low <= hits / trials <= high
    below = clopper_pearson(int(np.floor(hits)), trials, level=level)
    above = clopper_pearson(int(np.ceil(hits)), trials, level=level)
    assert below[0] - 1e-12 <= low <= above[0] + 1e-12
    assert below[1] - 1e-12 <= high <= above[1] + 1e-12


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9, 0.99])
def test_it_holds_the_true_share_at_least_as_often_as_it_says(share: float) -> None:
    # Summed over every possible result: no simulation.
    n = 40
    hits = np.arange(n + 1)
    bounds = [clopper_pearson(int(k), n) for k in hits]
    held = np.array([low <= share <= high for low, high in bounds])
    assert binom.pmf(hits, n, share)[held].sum() >= 0.95


@pytest.mark.parametrize(("hits", "trials"), [(1, 0), (-1, 5), (6, 5)])
def test_what_is_no_share_is_refused(hits: int, trials: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        clopper_pearson(hits, trials)


def test_only_bounds_without_width_are_replaced() -> None:
    nan = np.nan
    values = np.array([1.0, 0.5, 0.25, nan, 1.0, 1.0 + 1e-12])
    bounds = np.array([[1.0, 0.4, 0.25, nan, 1.0, 1.0], [1.0, 0.6, 0.25, nan, 1.0, 1.0]])
    patients = np.array([10, 10, 8, 10, 0, 10])
    found = where_draws_agree(values, bounds, patients)
    ten_of_ten = (0.025**0.1, 1.0)
    assert found[:, 0] == pytest.approx(ten_of_ten)
    np.testing.assert_array_equal(found[:, 1], [0.4, 0.6])
    assert found[:, 2] == pytest.approx(clopper_pearson(2, 8))
    assert np.isnan(found[:, 3]).all()
    assert np.isnan(found[:, 4]).all()
    assert found[:, 5] == pytest.approx(ten_of_ten)
    np.testing.assert_array_equal(bounds[0, :3], [1.0, 0.4, 0.25])
