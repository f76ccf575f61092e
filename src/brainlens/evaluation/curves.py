"""The curves of an evaluation, as a bundle carries them."""

from collections.abc import Sequence

import numpy as np

from brainlens.bundle.curves import Curves, ReliabilityRow, RiskRow
from brainlens.evaluation.bootstrap import DRAWS
from brainlens.evaluation.calibration_error import reliability_bins
from brainlens.evaluation.confidences import Confidences, held_back
from brainlens.evaluation.counts import Counts
from brainlens.evaluation.evaluation import Evaluation
from brainlens.evaluation.risk import figures_at
from brainlens.evaluation.scores import Scores

#: Every threshold that a slider of two decimals can be moved to.
THRESHOLDS = tuple(round(0.01 * step, 2) for step in range(100))


def measured_curves(
    evaluation: Evaluation,
    *,
    data: str = "",
    thresholds: Sequence[float] = THRESHOLDS,
    draws: int = DRAWS,
) -> Curves:
    """Return risk by threshold, reliability and confusion of the slices not seen in training.

    Parameters
    ----------
    evaluation
        Of at least one slice; where the model was trained on all of them, they all count.
    data
        What the slices are, in words.
    thresholds
        Of the risk curve, each in [0, 1].
    draws
        How often all patients are drawn anew for an interval.
    """
    answered = [outcome for outcome in evaluation.outcomes if not outcome.error]
    unseen = [outcome for outcome in answered if outcome.seen_in_training is not True]
    outcomes = unseen or answered
    scores = Scores.from_outcomes(outcomes, evaluation.class_ids)
    confidences = Confidences.of(scores, held_back(outcomes))
    patients = {outcome.patient for outcome in outcomes}
    return Curves(
        split=evaluation.split,
        protocol=evaluation.protocol,
        data=data,
        n_slices=len(outcomes),
        n_patients=None if "" in patients else len(patients),
        decision_sha256=evaluation.decision_sha256,
        risk=tuple(_risk(confidences, threshold, draws) for threshold in sorted(thresholds)),
        reliability=_reliability(scores),
        confusion=tuple(
            tuple(int(count) for count in row)
            for row in Counts.per_unit(scores).total().confusion.astype(np.int64)
        ),
    )


def _risk(confidences: Confidences, threshold: float, draws: int) -> RiskRow:
    found = figures_at(confidences, threshold, draws=draws)
    rate, error = found["answer_rate"], found["error_among_answered"]
    return RiskRow(
        threshold=threshold,
        answer_rate=rate.value or 0.0,
        answer_rate_interval=rate.interval,
        error=error.value,
        error_interval=error.interval,
    )


def _reliability(scores: Scores) -> tuple[ReliabilityRow, ...]:
    known = ~np.isnan(scores.probabilities).any(axis=1)
    if not known.any():
        return ()
    confidence = scores.probabilities[known].max(axis=1)
    correct = (scores.predicted == scores.truth)[known]
    bins = reliability_bins(confidence, correct)
    return tuple(
        ReliabilityRow(confidence=float(c), accuracy=float(a), n=float(n))
        for c, a, n in zip(bins.confidence, bins.accuracy, bins.n, strict=True)
    )
