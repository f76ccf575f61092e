"""What a threshold buys: fewer answers, fewer of them wrong.

Called the risk-coverage curve elsewhere (El-Yaniv and Wiener, 2010); "coverage" is kept here for
prediction sets, and the share of slices answered is the answer rate.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from brainlens.evaluation.bootstrap import DRAWS
from brainlens.evaluation.confidences import Confidences
from brainlens.evaluation.ratio import Ratio, ratios

#: Thresholds of the table that a bundle carries.
THRESHOLDS = (*(round(0.05 * step, 2) for step in range(20)), 0.99)


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """What one threshold does.

    Attributes
    ----------
    threshold
        Confidence from which the model answers, in [0, 1].
    answer_rate
        Share of slices answered, in [0, 1].
    error
        Share of wrong among the answered; None where none is answered.
    """

    threshold: float
    answer_rate: float
    error: float | None

    def to_row(self) -> dict[str, float]:
        """Return the row of a bundle's ``risk_coverage``."""
        row = {"threshold": self.threshold, "answer_rate": self.answer_rate}
        return row if self.error is None else {**row, "error_among_answered": self.error}


def risk_curve(
    confidences: Confidences, thresholds: Iterable[float] | None = None
) -> tuple[RiskPoint, ...]:
    """Return what thresholds do, in ascending order.

    Parameters
    ----------
    confidences
        Of at least one slice.
    thresholds
        Default: every one that changes something, that is, every confidence there is.
    """
    if thresholds is None:
        answerable = confidences.confidence[confidences.answered(0)]
        thresholds = np.unique(answerable).tolist()
    order = np.argsort(confidences.confidence, kind="stable")
    ascending = confidences.confidence[order]
    # Wrong among the k slices of highest confidence, for k = n … 0.
    wrong = np.cumsum(~confidences.correct[order][::-1])[::-1]
    n = len(confidences)
    points = []
    for threshold in sorted(thresholds):
        first = int(np.searchsorted(ascending, threshold, side="left"))
        error = float(wrong[first]) / (n - first) if first < n else None
        points.append(RiskPoint(threshold, (n - first) / n, error))
    return tuple(points)


def figures_at(
    confidences: Confidences, threshold: float, *, draws: int = DRAWS
) -> dict[str, Ratio]:
    """Return the figures at one threshold, with 95 % intervals from draws of patients.

    Parameters
    ----------
    confidences
        The slices.
    threshold
        Confidence from which the model answers, in [0, 1].
    draws
        How often all patients are drawn anew.

    Returns
    -------
    dict
        ``answer_rate``: answered, of all slices. ``error_among_answered``: wrong, of the answered.
        ``confident_correct``: answered and right, of all slices.
    """
    answered = confidences.answered(threshold)
    everything = np.ones(len(confidences))
    return ratios(
        {
            "answer_rate": (answered, everything),
            "error_among_answered": (answered & ~confidences.correct, answered),
            "confident_correct": (answered & confidences.correct, everything),
        },
        confidences.unit,
        draws=draws,
    )
