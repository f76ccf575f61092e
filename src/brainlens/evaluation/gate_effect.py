"""What a bundle's gates change: how many slices they hold back, and whether those were errors."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from brainlens.evaluation.bootstrap import DRAWS
from brainlens.evaluation.confidences import NEVER, Confidences, held_back
from brainlens.evaluation.ratio import Ratio
from brainlens.evaluation.risk import figures_at
from brainlens.evaluation.scores import Scores
from brainlens.inference.abstain import LOW_CONFIDENCE
from brainlens.outcomes import Outcome


@dataclass(frozen=True)
class GateEffect:
    """Answer rate and error at the bundle's threshold, with its gates and without them.

    Attributes
    ----------
    n_slices
        Slices that got an answer of any status.
    reasons
        Reason → slices that a gate objected to for it; a slice may have several.
    n_held_back
        Slices that at least one gate objected to.
    n_held_back_correct
        Of those, slices whose class the network alone names rightly, at or above the threshold:
        right answers that the gates cost.
    with_gates, without_gates
        Figures of `brainlens.evaluation.risk.figures_at`; without gates the threshold alone
        decides.
    """

    n_slices: int
    reasons: Mapping[str, int]
    n_held_back: int
    n_held_back_correct: int
    with_gates: Mapping[str, Ratio]
    without_gates: Mapping[str, Ratio]

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold of it."""
        return {
            "n_slices": self.n_slices,
            "reasons": dict(self.reasons),
            "n_held_back": self.n_held_back,
            "n_held_back_correct": self.n_held_back_correct,
            "with_gates": {name: one.to_dict() for name, one in self.with_gates.items()},
            "without_gates": {name: one.to_dict() for name, one in self.without_gates.items()},
        }


def gate_effect(
    outcomes: Sequence[Outcome],
    ungated: Sequence[Outcome],
    class_ids: Sequence[str],
    threshold: float,
    *,
    draws: int = DRAWS,
) -> GateEffect:
    """Hold what a bundle answered against what its network alone would have.

    Parameters
    ----------
    outcomes
        Of at least one slice; none without an answer.
    ungated
        The same slices in the same order, asked without gates.
    class_ids
        The bundle's classes in its order.
    threshold
        Confidence from which the bundle answers.
    draws
        How often all patients are drawn anew for an interval.
    """
    objected = held_back(outcomes)
    scores = Scores.from_outcomes(ungated, class_ids)
    without = Confidences.of(scores, np.zeros(len(ungated), dtype=np.bool_))
    confidence = np.where(objected, NEVER, without.confidence)
    counts = Counter(
        reason for outcome in outcomes for reason in outcome.reasons if reason != LOW_CONFIDENCE
    )
    right = objected & without.correct & without.answered(threshold)
    return GateEffect(
        n_slices=len(outcomes),
        reasons=dict(counts.most_common()),
        n_held_back=int(objected.sum()),
        n_held_back_correct=int(right.sum()),
        with_gates=figures_at(replace(without, confidence=confidence), threshold, draws=draws),
        without_gates=figures_at(without, threshold, draws=draws),
    )
