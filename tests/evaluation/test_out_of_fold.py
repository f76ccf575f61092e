"""Temperatures from the other folds' answers."""

import numpy as np
import pytest
from numpy.typing import NDArray

from brainlens.evaluation.calibration_error import probability_figures
from brainlens.evaluation.out_of_fold import out_of_fold
from brainlens.evaluation.scores import Scores
from brainlens.evaluation.temperature import fit_temperature, tempered


def _scores(patients: int, per_patient: int, seed: int, heat: float) -> Scores:
    """Answers that would be calibrated at temperature ``heat``."""
    rng = np.random.default_rng(seed)
    n = patients * per_patient
    logits = rng.normal(size=(n, 3)) * 1.5
    right = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = [int(rng.choice(3, p=row)) for row in right]
    units = [i // per_patient for i in range(n)]
    return Scores.from_probabilities(tempered(right, 1 / heat), truth, [True] * n, units)


def _folds(scores: Scores, n: int) -> NDArray[np.int64]:
    return np.asarray(scores.unit % n, dtype=np.int64)


NONE = np.zeros(1200, bool)


def test_each_fold_gets_the_temperature_of_all_others() -> None:
    scores = _scores(300, 4, 0, heat=2.0)
    fold = _folds(scores, 3)
    found = out_of_fold(scores, fold, NONE, 0.7)
    assert found is not None
    assert list(found.temperatures) == [0, 1, 2]
    for number, temperature in found.temperatures.items():
        other = fold != number
        expected = fit_temperature(
            scores.probabilities[other], scores.truth[other], scores.unit[other]
        )
        assert temperature == expected
        assert temperature == pytest.approx(2, rel=0.2)


def test_what_was_far_too_sure_is_calibrated_and_answers_less() -> None:
    scores = _scores(300, 4, 1, heat=3.0)
    found = out_of_fold(scores, _folds(scores, 5), NONE, 0.7)
    assert found is not None
    before = probability_figures(scores.probabilities, scores.truth)
    assert before.ece > 3 * found.figures.ece
    assert found.figures.loss < before.loss
    answered = np.mean(scores.probabilities.max(axis=1) >= 0.7)
    assert found.at_threshold["answer_rate"].value < answered - 0.1


def test_what_a_gate_holds_back_stays_unanswered() -> None:
    scores = _scores(300, 4, 2, heat=1.0)
    found = out_of_fold(scores, _folds(scores, 3), ~NONE, 0.7)
    assert found is not None
    assert found.at_threshold["answer_rate"].value == 0


def test_where_nothing_is_wrong_answers_become_surer_within_reason() -> None:
    scores = _scores(20, 4, 3, heat=1.0)
    sure = np.full((80, 3), 0.05)
    sure[np.arange(80), scores.truth] = 0.9
    right = Scores.from_probabilities(sure, scores.truth.tolist(), [True] * 80, range(80))
    found = out_of_fold(right, _folds(right, 2), NONE[:80], 0.7)
    assert found is not None
    assert all(0.4 < temperature < 1 for temperature in found.temperatures.values())


def test_folds_that_divide_patients_say_nothing() -> None:
    scores = _scores(300, 4, 4, heat=2.0)
    divided = np.arange(1200, dtype=np.int64) % 2
    assert out_of_fold(scores, divided, NONE, 0.7) is None
    assert out_of_fold(scores, np.zeros(1200, np.int64), NONE, 0.7) is None
