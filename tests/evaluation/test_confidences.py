import numpy as np

from brainlens.evaluation.confidences import NEVER, Confidences, held_back
from brainlens.evaluation.scores import Scores
from brainlens.outcomes import Outcome


def test_only_the_threshold_can_be_moved() -> None:
    outcomes = [
        Outcome("a", status="answered"),
        Outcome("b", status="abstained", reasons=("low_confidence",)),
        Outcome("c", status="abstained", reasons=("low_confidence", "out_of_distribution")),
        Outcome("d", status="abstained", reasons=("poor_quality",)),
        Outcome("e", status="rejected", reasons=("not_brain_mr",)),
    ]
    assert held_back(outcomes).tolist() == [False, False, True, True, True]


def test_what_is_held_back_is_never_answered() -> None:
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [np.nan, np.nan], [1.0, 0.0]])
    scores = Scores.from_probabilities(probabilities, [0, 0, 0, 1], [True] * 4, list("aabb"))
    found = Confidences.of(scores, np.array([False, False, False, True]))
    assert found.confidence.tolist() == [0.9, 0.6, NEVER, NEVER]
    assert found.correct.tolist() == [True, False, False, False]
    assert found.unit.tolist() == [0, 0, 1, 1]
    assert found.answered(0.0).tolist() == [True, True, False, False]
    assert found.answered(0.9).tolist() == [True, False, False, False]
    assert len(found) == 4
