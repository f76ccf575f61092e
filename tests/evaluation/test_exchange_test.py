from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, permutation_test

from brainlens.evaluation.exchange_test import exchange_p_value


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 5))
def test_with_one_slice_a_patient_it_is_mcnemars_exact_test(b: int, c: int, ties: int) -> None:
    differences = np.array([1] * b + [-1] * c + [0] * ties, dtype=np.int64)
    expected = binomtest(b, b + c).pvalue if b + c else 1.0
    assert exchange_p_value(differences) == pytest.approx(expected)


@given(st.lists(st.integers(-6, 6), max_size=9))
def test_it_counts_every_exchange(differences: list[int]) -> None:
    observed = abs(sum(differences))
    sums = [
        abs(sum(sign * d for sign, d in zip(signs, differences, strict=True)))
        for signs in product((-1, 1), repeat=len(differences))
    ]
    expected = np.mean([total >= observed for total in sums])
    assert exchange_p_value(np.array(differences, dtype=np.int64)) == pytest.approx(expected)


def test_scipy_agrees_where_only_drawing_is_possible() -> None:
    rng = np.random.default_rng(3)
    differences = rng.integers(-4, 6, 60)
    drawn = permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=20_000, rng=rng
    )
    assert exchange_p_value(differences) == pytest.approx(drawn.pvalue, abs=0.01)


def test_it_is_wrong_no_more_often_than_it_says() -> None:
    rng = np.random.default_rng(8)
    # 30 patients of 8 slices; a patient's slices move together, and no model is better.
    found = [
        exchange_p_value(rng.choice([-1, 1], 30) * rng.binomial(8, 0.3, 30)) for _ in range(600)
    ]
    assert 0.02 <= np.mean(np.array(found) < 0.05) <= 0.07


def test_thousands_of_patients_do_not_underflow() -> None:
    differences = np.array([1, -1] * 2000, dtype=np.int64)
    assert exchange_p_value(differences) == pytest.approx(1.0)
    assert exchange_p_value(np.ones(2000, dtype=np.int64)) < 1e-300
