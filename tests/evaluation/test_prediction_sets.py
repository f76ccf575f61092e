import numpy as np
import pytest
from numpy.typing import NDArray

from brainlens.evaluation.prediction_sets import fit_sets, set_figures, set_ratios
from brainlens.inference.prediction_set import set_members

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


def _two_classes(of_truth: Array, truth: Whole) -> Array:
    first = np.where(truth == 0, of_truth, 1 - of_truth)
    return np.column_stack([first, 1 - first])


def test_one_slice_a_patient_gives_the_quantile_of_split_conformal() -> None:
    rng = np.random.default_rng(0)
    of_truth, truth = rng.random(120), rng.integers(0, 2, 120)
    least = fit_sets(_two_classes(of_truth, truth), truth, np.arange(120))
    for class_ in (0, 1):
        mine = np.sort(of_truth[truth == class_])[::-1]
        # The ceil((n + 1) level)-th best of n, as in every textbook.
        rank = int(np.ceil((len(mine) + 1) * 0.9))
        assert least[class_] == pytest.approx(mine[rank - 1])


def test_too_few_patients_rule_no_class_out() -> None:
    shares = np.tile([0.9, 0.1], (8, 1))
    truth = np.zeros(8, dtype=np.int64)
    np.testing.assert_array_equal(fit_sets(shares, truth, np.arange(8)), [0.0, 0.0])
    shares, truth = np.tile([0.9, 0.1], (9, 1)), np.zeros(9, dtype=np.int64)
    np.testing.assert_allclose(fit_sets(shares, truth, np.arange(9)), [0.9, 0.0])


def test_many_slices_of_few_patients_are_few() -> None:
    shares = np.tile([0.9, 0.1], (400, 1))
    truth = np.zeros(400, dtype=np.int64)
    assert fit_sets(shares, truth, np.arange(400) // 50)[0] == 0.0


def test_a_patient_of_many_slices_counts_as_one() -> None:
    rng = np.random.default_rng(1)
    of_truth = rng.random(60)
    truth = np.zeros(60, dtype=np.int64)
    shares = _two_classes(of_truth, truth)
    repeated = np.array([7] * 300 + [i for i in range(60) if i != 7])
    once = fit_sets(shares, truth, np.arange(60))
    np.testing.assert_allclose(fit_sets(shares[repeated], truth[repeated], repeated), once)


def _clustered(rng: np.random.Generator, patients: int) -> tuple[Array, Whole, Whole]:
    """Return three-class answers about patients of 1 to 12 slices that resemble each other."""
    slices = rng.integers(1, 13, patients)
    unit = np.repeat(np.arange(patients), slices)
    truth = rng.integers(0, 3, patients)[unit]
    strength = rng.normal(1.2, 1.2, patients)[unit] + rng.normal(0, 0.5, len(unit))
    logits = rng.normal(0, 1, (len(unit), 3))
    logits[np.arange(len(unit)), truth] += strength
    powers = np.exp(logits)
    return powers / powers.sum(axis=1, keepdims=True), truth, unit


def test_sets_cover_new_patients_of_each_class_as_promised() -> None:
    rng = np.random.default_rng(2)
    coverages = []
    for _ in range(120):
        least = fit_sets(*_clustered(rng, 90))
        shares, truth, unit = _clustered(rng, 400)
        figures = set_figures(set_members(shares, least), truth, unit, ("a", "b", "c"))
        coverages.append([figures.coverage[c] for c in ("a", "b", "c")])
    means = np.array(coverages, dtype=np.float64).mean(axis=0)
    assert (means > 0.893).all()
    # Nor larger than they need be: 30 patients of a class allow one in 31 more.
    assert (means < 0.95).all()


def test_figures_of_sets_by_hand() -> None:
    members = np.array([[1, 0], [1, 1], [1, 0], [0, 1], [0, 0]], dtype=np.bool_)
    truth, unit = np.array([0, 0, 1, 1, 1]), np.array([0, 0, 1, 2, 3])
    figures = set_figures(members, truth, unit, ("a", "b"))
    assert figures.coverage == {"a": 1.0, "b": 0.5}
    assert figures.mean_size == pytest.approx(5 / 4)
    assert figures.single == pytest.approx(3 / 4)


def test_coverage_counts_patients_alike_and_has_an_interval() -> None:
    members = np.array([[1, 1]] * 8 + [[0, 1], [1, 0]] * 6, dtype=np.bool_)
    truth, unit = np.zeros(20, dtype=np.int64), np.array([0] * 8 + list(range(1, 13)))
    found = set_ratios(members, truth, unit, ("a", "b"))
    assert found["coverage:a"].value == pytest.approx(7 / 13)
    low, high = found["coverage:a"].interval or (1, 0)
    assert low < 7 / 13 < high
    assert found["coverage:b"].value is None
    assert found["mean_size"].value == pytest.approx(28 / 20)


def test_no_set_at_all_is_no_figure() -> None:
    members = np.zeros((2, 2), dtype=np.bool_)
    with pytest.raises(ValueError, match="no slice"):
        set_figures(members, np.array([0, 1]), np.array([0, 1]), ("a", "b"))


def test_rejected_slices_do_not_count() -> None:
    rng = np.random.default_rng(4)
    shares, truth, unit = _clustered(rng, 40)
    holed = np.vstack([shares, np.full((9, 3), np.nan)])
    longer = np.append(truth, [0] * 9)
    more = np.append(unit, np.arange(100, 109))
    np.testing.assert_allclose(fit_sets(holed, longer, more), fit_sets(shares, truth, unit))
