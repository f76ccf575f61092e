"""Figures computed from outcomes, without scikit-learn."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from brainlens.outcomes import Outcome

# Abstaining for low confidence is what the probe's own threshold replaces; any other reason of
# the service stands.
_LOW_CONFIDENCE: Final = "low_confidence"


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """Figures about one class; None where undefined.

    Attributes
    ----------
    class_id
        The class.
    precision
        Of the images predicted as it, the share that are of it.
    sensitivity
        Of the images of it, the share predicted as it.
    f1
        Harmonic mean of both.
    support
        Images of it.
    """

    class_id: str
    precision: float | None
    sensitivity: float | None
    f1: float | None
    support: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares in [0, 1] over n images; None where undefined.

    Attributes
    ----------
    n
        Images: those with an answer and a truth; all with an answer where none has a truth.
    accuracy
        Share whose predicted class is the true one; a rejected image counts as wrong.
    confident
        Share at or above the probe's threshold.
    confident_correct
        Share at or above it and correct, of all n.
    confident_accuracy
        Share correct, of those at or above it.
    classes
        Figures by class.
    """

    n: int
    accuracy: float | None
    confident: float | None
    confident_correct: float | None
    confident_accuracy: float | None
    classes: tuple[ClassFigures, ...]


def is_confident(outcome: Outcome, threshold: float) -> bool:
    """Whether an answer counts as given at ``threshold``."""
    return (
        outcome.confidence is not None
        and outcome.confidence >= threshold
        and set(outcome.reasons) <= {_LOW_CONFIDENCE}
    )


def figures(outcomes: Sequence[Outcome], class_ids: Sequence[str], threshold: float) -> Figures:
    """Return the figures of outcomes; those without an answer are left out.

    Parameters
    ----------
    outcomes
        The outcomes; ``label`` is the true class id, empty where unknown.
    class_ids
        The model's classes, in order.
    threshold
        Confidence in [0, 1] from which an answer counts as given.
    """
    answered = [o for o in outcomes if not o.error]
    labelled = [o for o in answered if o.label]
    counted = labelled or answered
    confident = [o for o in counted if is_confident(o, threshold)]
    confident_correct = sum(_correct(o) for o in confident)
    known = bool(labelled)
    return Figures(
        n=len(counted),
        accuracy=_share(sum(_correct(o) for o in counted), len(counted)) if known else None,
        confident=_share(len(confident), len(counted)),
        confident_correct=_share(confident_correct, len(counted)) if known else None,
        confident_accuracy=_share(confident_correct, len(confident)) if known else None,
        classes=_by_class(labelled, class_ids) if known else (),
    )


def _by_class(labelled: Sequence[Outcome], class_ids: Sequence[str]) -> tuple[ClassFigures, ...]:
    support = Counter(o.label for o in labelled)
    predicted = Counter(o.predicted_class for o in labelled)
    hits = Counter(o.label for o in labelled if _correct(o))
    return tuple(
        ClassFigures(
            class_id=c,
            precision=_share(hits[c], predicted[c]),
            sensitivity=_share(hits[c], support[c]),
            f1=_share(2 * hits[c], support[c] + predicted[c]),
            support=support[c],
        )
        for c in class_ids
    )


def _correct(outcome: Outcome) -> bool:
    return bool(outcome.label) and outcome.predicted_class == outcome.label


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
