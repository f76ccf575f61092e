"""Figures computed from sums, and their list for a bundle."""

from collections.abc import Sequence

import numpy as np

from brainlens.bundle.schema import Metric
from brainlens.evaluation.bootstrap import intervals
from brainlens.evaluation.counts import Array, Counts
from brainlens.evaluation.scores import Scores

#: Figures about all classes, in the order of reports. ``loss`` is in nats, the others are shares:
#: ``confident`` of all slices, ``confident_correct`` of all slices, ``confident_accuracy`` of the
#: confident ones.
OVERALL = (
    "accuracy",
    "loss",
    "balanced_accuracy",
    "macro_f1",
    "confident",
    "confident_correct",
    "confident_accuracy",
)

#: Figures about one class. ``support`` is a number of slices, the others are shares.
PER_CLASS = ("precision", "sensitivity", "f1", "support")


def _share(part: Array, whole: Array) -> Array:
    """Return ``part / whole``, NaN where ``whole`` is 0."""
    shares: Array = np.full(np.shape(part), np.nan)
    np.divide(part, whole, out=shares, where=whole != 0)
    return shares


def _mean_of_defined(values: Array) -> Array:
    """Return the mean over the last axis of what is not NaN."""
    defined = ~np.isnan(values)
    return _share(np.where(defined, values, 0.0).sum(axis=-1), defined.sum(axis=-1).astype(float))


def figures(counts: Counts) -> dict[str, Array]:
    """Return every figure by name: `OVERALL` of shape [...], `PER_CLASS` of shape [..., C].

    A figure is NaN where it is undefined: precision of a class never predicted, sensitivity of a
    class without slices. Balanced accuracy and macro F1 are means over the classes where the
    sensitivity, the F1, is defined. A rejected slice counts as not correct and not confident, and
    has no loss.
    """
    square = counts.confusion[..., :-1]
    hits = np.diagonal(square, axis1=-2, axis2=-1)
    support = counts.confusion.sum(axis=-1)
    predicted = square.sum(axis=-2)
    slices = support.sum(axis=-1)
    sensitivity = _share(hits, support)
    f1 = _share(2 * hits, support + predicted)
    return {
        "accuracy": _share(hits.sum(axis=-1), slices),
        "loss": _share(counts.loss, counts.with_loss),
        "balanced_accuracy": _mean_of_defined(sensitivity),
        "macro_f1": _mean_of_defined(f1),
        "confident": _share(counts.confident, slices),
        "confident_correct": _share(counts.confident_correct, slices),
        "confident_accuracy": _share(counts.confident_correct, counts.confident),
        "precision": _share(hits, predicted),
        "sensitivity": sensitivity,
        "f1": f1,
        "support": support,
    }


def metrics(
    scores: Scores,
    class_ids: Sequence[str],
    *,
    split: str,
    protocol: str,
    n_patients: int | None,
    decision_sha256: str,
) -> tuple[Metric, ...]:
    """Return every figure of ``scores`` with its 95 % interval.

    Parameters
    ----------
    scores
        Truths and predictions over the classes of ``class_ids``.
    class_ids
        Class ids in the bundle's order.
    split, protocol, n_patients, decision_sha256
        What the figures are of; copied into every `Metric`.
    """
    counts = Counts.per_unit(scores)
    values = figures(counts.total())
    bounds = intervals(counts, figures)

    def metric(name: str, index: int | None) -> Metric:
        at = () if index is None else (index,)
        value = float(values[name][at])
        low, high = (float(bound) for bound in bounds[name][(slice(None), *at)])
        known = not np.isnan(value)
        return Metric(
            name=name,
            value=value if known else None,
            interval=(low, high) if known and name != "support" and low < high else None,
            class_id=None if index is None else class_ids[index],
            split=split,
            protocol=protocol,
            n_slices=len(scores),
            n_patients=n_patients,
            decision_sha256=decision_sha256,
        )

    overall = [metric(name, None) for name in OVERALL]
    by_class = [metric(name, index) for index in range(len(class_ids)) for name in PER_CLASS]
    return (*overall, *by_class)
