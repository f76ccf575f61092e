import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainlens.evaluation.patient_level import of_several_classes, patient_scores
from brainlens.evaluation.scores import REJECTED, Scores

NAN = float("nan")


def test_a_case_worked_by_hand() -> None:
    # Patient p: two slices for a, one strongly for b; q: one rejected slice, one sure one; r: all
    # rejected.
    probabilities = np.array(
        [[0.6, 0.4], [0.5, 0.5], [0.1, 0.9], [NAN, NAN], [0.1, 0.9], [NAN, NAN]]
    )
    scores = Scores.from_probabilities(probabilities, [0, 0, 0, 1, 1, 1], [True] * 6, "pppqqr")
    found = patient_scores(scores, 0.7)
    np.testing.assert_allclose(found.probabilities[:2], [[0.4, 0.6], [0.1, 0.9]])
    assert np.isnan(found.probabilities[2]).all()
    assert found.truth.tolist() == [0, 1, 1]
    assert found.predicted.tolist() == [1, 1, REJECTED]
    assert found.confident.tolist() == [False, True, False]
    assert found.unit.tolist() == [0, 1, 2]
    np.testing.assert_allclose(found.loss[:2], [-np.log(0.4), -np.log(0.9)])


@given(st.integers(0, 10_000), st.integers(1, 40))
def test_each_row_is_the_mean_of_its_slices_in_any_order(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    patients = rng.integers(6, size=n)
    truth = patients % 3
    probabilities = rng.dirichlet(np.ones(3), size=n)
    scores = Scores.from_probabilities(probabilities, truth.tolist(), [True] * n, patients.tolist())
    found = patient_scores(scores, 0.5)
    for row, patient in enumerate(dict.fromkeys(patients.tolist())):
        of_patient = patients == patient
        mean = probabilities[of_patient].mean(axis=0)
        np.testing.assert_allclose(found.probabilities[row], mean)
        assert found.truth[row] == patient % 3
        assert found.confident[row] == (mean.max() >= 0.5)


def test_a_patient_with_one_slice_is_that_slice() -> None:
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6]])
    scores = Scores.from_probabilities(probabilities, [0, 1], [True, False], "pq")
    found = patient_scores(scores, 0.7)
    np.testing.assert_array_equal(found.probabilities, probabilities)
    assert found.confident.tolist() == [True, False]


def test_patients_of_several_classes_are_found_and_refused() -> None:
    probabilities = np.array([[0.9, 0.1]] * 4)
    scores = Scores.from_probabilities(probabilities, [0, 1, 1, 0], [True] * 4, "pqpr")
    assert of_several_classes(scores).tolist() == [True, False, True, False]
    with pytest.raises(ValueError, match="several classes"):
        patient_scores(scores, 0.7)


def test_nobody() -> None:
    nobody = Scores.from_probabilities(np.zeros((0, 3)), [], [], [])
    assert len(patient_scores(nobody, 0.7)) == 0
    assert of_several_classes(nobody).shape == (0,)
