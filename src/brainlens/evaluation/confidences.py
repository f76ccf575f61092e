"""How sure a model was of each slice, and whether it was right: what thresholds are judged by."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainlens.evaluation.scores import Scores
from brainlens.inference.abstain import LOW_CONFIDENCE
from brainlens.outcomes import Outcome

#: Stands for the confidence of a slice that no threshold lets through.
NEVER = -1.0


@dataclass(frozen=True, slots=True)
class Confidences:
    """Confidences of n slices.

    Attributes
    ----------
    confidence
        ``float64`` [n]: largest probability, in [0, 1]; `NEVER` where something else than the
        threshold holds the answer back: the slice was rejected, or a gate is against it.
    correct
        ``bool`` [n]: whether the predicted class is the true one.
    unit
        ``int64`` [n]: number of the unit (patient, where it is known), 0 … units - 1.
    """

    confidence: NDArray[np.float64]
    correct: NDArray[np.bool_]
    unit: NDArray[np.int64]

    @classmethod
    def of(cls, scores: Scores, held_back: NDArray[np.bool_]) -> "Confidences":
        """Return the confidences of scores; ``held_back`` [n] is as `held_back` returns it."""
        never = held_back | np.isnan(scores.probabilities).any(axis=1)
        return cls(
            confidence=np.where(never, NEVER, scores.probabilities.max(axis=1)),
            correct=scores.predicted == scores.truth,
            unit=scores.unit,
        )

    def answered(self, threshold: float) -> NDArray[np.bool_]:
        """Return for which slices [n] the model answers at a threshold in [0, 1]."""
        return self.confidence >= threshold

    def __len__(self) -> int:
        return len(self.confidence)


def held_back(outcomes: Sequence[Outcome]) -> NDArray[np.bool_]:
    """Return for which outcomes [n] no threshold would have let an answer through."""
    return np.array(
        [
            outcome.status == "rejected" or bool(set(outcome.reasons) - {LOW_CONFIDENCE})
            for outcome in outcomes
        ],
        dtype=np.bool_,
    )
