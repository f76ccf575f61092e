import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest

from brainlens.evaluation.confidences import NEVER, Confidences
from brainlens.evaluation.target_error import (
    certified_threshold,
    error_bound,
    patients_needed,
)


def _one_slice_each(confidence: NDArray[np.float64], correct: NDArray[np.bool_]) -> Confidences:
    return Confidences(confidence, correct, np.arange(len(confidence)))


def _perfect(n: int, confidence: float = 0.8) -> Confidences:
    return _one_slice_each(np.full(n, confidence), np.ones(n, dtype=np.bool_))


@pytest.mark.parametrize(("error", "needed"), [(0.02, 149), (0.05, 59), (0.5, 5), (0.95, 1)])
def test_patients_needed_without_an_error(error: float, needed: int) -> None:
    assert patients_needed(error) == needed
    assert (1 - error) ** needed <= 0.05 + 1e-12
    assert (1 - error) ** (needed - 1) > 0.05


def test_two_percent_takes_149_patients_without_an_error() -> None:
    assert certified_threshold(_perfect(148), 0.02) is None
    found = certified_threshold(_perfect(149), 0.02)
    assert found is not None
    assert (found.threshold, found.n_answered, found.n_wrong) == (0.0, 149, 0)


def test_slices_of_one_patient_are_one_patient() -> None:
    slices = _perfect(300)
    patients = Confidences(slices.confidence, slices.correct, np.arange(300) // 3)
    assert certified_threshold(slices, 0.02) is not None
    assert certified_threshold(patients, 0.02) is None


def test_a_patient_is_wrong_if_any_of_its_answered_slices_is() -> None:
    # 200 patients: a right slice at 0.9, and one at 0.6 that is wrong in half of them.
    confidence = np.tile([0.9, 0.6], 200)
    correct = np.array([right for patient in range(200) for right in (True, patient % 2 > 0)])
    found = certified_threshold(Confidences(confidence, correct, np.arange(400) // 2), 0.05)
    assert found is not None
    # Just above the confidence at which they begin to be wrong.
    assert (found.threshold, found.n_wrong) == (0.61, 0)
    assert found.n_answered == 200


def test_slices_that_a_gate_holds_back_are_no_answers() -> None:
    confidence = np.array([0.9] * 160 + [NEVER] * 100)
    correct = np.array([True] * 160 + [False] * 100)
    found = certified_threshold(_one_slice_each(confidence, correct), 0.02)
    assert found is not None
    assert (found.n_answered, found.n_wrong) == (160, 0)


def test_fewer_than_half_answered_is_no_threshold() -> None:
    confidence = np.array([0.9] * 200 + [0.3] * 300)
    correct = np.array([True] * 200 + [False] * 300)
    assert certified_threshold(_one_slice_each(confidence, correct), 0.02) is None


@pytest.mark.parametrize(("n", "k"), [(50, 0), (50, 3), (10, 10)])
def test_the_bound_is_the_exact_one(n: int, k: int) -> None:
    bound = error_bound(_one_slice_each(np.full(n, 0.8), np.arange(n) >= k), 0.7)
    assert bound is not None
    assert (bound.n_answered, bound.n_wrong) == (n, k)
    exact = binomtest(k, n, alternative="less").proportion_ci(0.95, method="exact")
    assert bound.at_most == pytest.approx(exact.high)


def test_nobody_answered_has_no_bound() -> None:
    assert error_bound(_perfect(5, confidence=0.6), 0.7) is None
    nobody = Confidences(np.zeros(0), np.zeros(0, dtype=np.bool_), np.zeros(0, dtype=np.int64))
    assert error_bound(nobody, 0.7) is None
    assert certified_threshold(nobody, 0.02) is None


@pytest.mark.parametrize("n", [60, 150, 400])
def test_the_promise_holds_in_95_data_sets_of_100(n: int) -> None:
    """Error 0.3 (1 - c) at confidence c, which is uniform: above t it is 0.15 (1 - t)."""
    rng = np.random.default_rng(n)
    error, broken, found, runs = 0.1, 0, 0, 400
    for _ in range(runs):
        confidence = rng.random(n)
        correct = rng.random(n) > 0.3 * (1 - confidence)
        certified = certified_threshold(_one_slice_each(confidence, correct), error)
        if certified is not None:
            found += 1
            broken += 0.15 * (1 - certified.threshold) > error
    assert broken / runs < 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)
    # A promise that is never made is worth nothing.
    assert found > 0.05 * runs


@pytest.mark.parametrize("levels", [(0.8, 0.5), tuple(np.linspace(0, 1, 60))])
def test_no_threshold_is_found_by_luck(levels: tuple[float, ...]) -> None:
    # At every threshold the error is just above the bound. With two confidences, how many patients
    # have the higher one decides where the sequence starts; with sixty there are many to try.
    rng = np.random.default_rng(3)
    runs, broken = 400, 0
    for _ in range(runs):
        confidence = rng.choice(levels, 400)
        correct = rng.random(400) > 0.05001
        broken += certified_threshold(_one_slice_each(confidence, correct), 0.05) is not None
    assert 0 < broken / runs < 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)
