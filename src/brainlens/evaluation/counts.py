"""Sums from which every figure is computed.

All figures are functions of sums over slices. So the sums of each patient are taken once, a
bootstrap draw is a weighted sum of them, and one piece of code serves the figure and its interval.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainlens.evaluation.scores import Scores

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Counts:
    """Sums over slices; every array may have leading axes ``...`` (patients, draws).

    Attributes
    ----------
    confusion
        [..., C, C + 1]: slices by true class and predicted class; the last column holds the
        rejected.
    confident
        [...]: slices that the service would have answered.
    confident_correct
        [...]: those of them whose class is right.
    loss, with_loss
        [...]: sum of the losses, and of how many slices.
    """

    confusion: Array
    confident: Array
    confident_correct: Array
    loss: Array
    with_loss: Array

    @classmethod
    def per_unit(cls, scores: Scores) -> "Counts":
        """Return the sums of each unit; the leading axis counts the units."""
        units = int(scores.unit.max()) + 1 if len(scores) else 0
        classes = scores.n_classes
        # Rejected slices carry -1, which numpy would put into the last column on its own; said
        # openly so that nobody has to know.
        column = np.where(scores.predicted < 0, classes, scores.predicted)
        confusion = np.zeros((units, classes, classes + 1))
        np.add.at(confusion, (scores.unit, scores.truth, column), 1.0)
        scored = ~np.isnan(scores.loss)
        correct = scores.confident & (scores.predicted == scores.truth)

        def total(values: NDArray[np.generic]) -> Array:
            sums = np.bincount(scores.unit, weights=values.astype(np.float64), minlength=units)
            return np.asarray(sums, dtype=np.float64)

        return cls(
            confusion=confusion,
            confident=total(scores.confident),
            confident_correct=total(correct),
            loss=total(np.where(scored, scores.loss, 0.0)),
            with_loss=total(scored),
        )

    def weighted(self, weights: Array) -> "Counts":
        """Return the sums over units, each counted ``weights`` [draws, units] times."""
        return Counts(
            confusion=np.tensordot(weights, self.confusion, axes=1),
            confident=weights @ self.confident,
            confident_correct=weights @ self.confident_correct,
            loss=weights @ self.loss,
            with_loss=weights @ self.with_loss,
        )

    def total(self) -> "Counts":
        """Return the sums over all units, without leading axes."""
        return Counts(
            confusion=self.confusion.sum(axis=0),
            confident=self.confident.sum(axis=0),
            confident_correct=self.confident_correct.sum(axis=0),
            loss=self.loss.sum(axis=0),
            with_loss=self.with_loss.sum(axis=0),
        )
