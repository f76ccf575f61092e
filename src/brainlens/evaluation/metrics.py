"""Figures computed from sums and rankings, and their list for a bundle."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from brainlens.bundle.schema import Metric
from brainlens.datasets.manifest import Progress
from brainlens.evaluation.bootstrap import DRAWS, weighted_intervals
from brainlens.evaluation.counts import Array, Counts
from brainlens.evaluation.exact import where_draws_agree
from brainlens.evaluation.ranking import Ranking
from brainlens.evaluation.scores import Scores

#: Figures about all classes, in the order of reports. ``loss`` is in nats, the others are shares:
#: ``confident`` of all slices, ``confident_correct`` of all slices, ``confident_accuracy`` of the
#: confident ones.
OVERALL = (
    "accuracy",
    "loss",
    "balanced_accuracy",
    "macro_f1",
    "macro_auroc",
    "confident",
    "confident_correct",
    "confident_accuracy",
)

#: Figures about one class. ``support`` is a number of slices, the others are shares.
#: ``specificity``, ``auroc`` and ``auprc`` set the class against the other classes of the bundle:
#: they say nothing of healthy slices, nor of any other disease.
PER_CLASS = ("precision", "sensitivity", "specificity", "f1", "auroc", "auprc", "support")

# Below so many patients of a class, or of the others, drawing patients cannot show what another
# such patient would change about a ranking.
_FEWEST_RANKED = 2


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
    """Return the figures that are functions of sums: overall of shape [...], by class [..., C].

    A figure is NaN where it is undefined: precision of a class never predicted, sensitivity of a
    class without slices. Balanced accuracy and macro F1 are means over the classes where the
    sensitivity, the F1, is defined. A rejected slice counts as not correct and not confident, and
    has no loss; of the classes that it is not of, it counts as rightly not named.
    """
    square = counts.confusion[..., :-1]
    hits = np.diagonal(square, axis1=-2, axis2=-1)
    support = counts.confusion.sum(axis=-1)
    predicted = square.sum(axis=-2)
    slices = support.sum(axis=-1)
    others = slices[..., np.newaxis] - support
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
        "specificity": _share(others - (predicted - hits), others),
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
    decision_sha256: str | None,
    level: Literal["slice", "patient"] = "slice",
    subgroup: str | None = None,
    n_slices: int | None = None,
    draws: int = DRAWS,
    progress: Progress | None = None,
) -> tuple[Metric, ...]:
    """Return every figure of ``scores`` with its 95 % interval.

    Intervals draw whole units (see `brainlens.evaluation.bootstrap`); where all draws agree, exact
    ones stand in (see `brainlens.evaluation.exact`). There is none for a number of slices, from a
    single unit, for a ranking with fewer than two patients on a side, and, where all draws agree,
    for the loss and the AUPRC, of which no exact law is known.

    Parameters
    ----------
    scores
        Truths and predictions over the classes of ``class_ids``.
    class_ids
        Class ids in the bundle's order.
    split, protocol, n_patients, decision_sha256, level, subgroup
        What the figures are of; copied into every `Metric`.
    n_slices
        The same; the number of rows of ``scores`` where None, which is right for slices.
    draws
        How often the units are drawn.
    progress
        Called with (draws done, draws).
    """
    counts = Counts.per_unit(scores)
    ranking = Ranking(scores)

    def all_figures(weights: Array) -> dict[str, Array]:
        areas = ranking.figures(weights)
        macro = {"macro_auroc": _mean_of_defined(areas["auroc"])}
        return figures(counts.weighted(weights)) | areas | macro

    units = len(counts.confident)
    values = {name: v[0] for name, v in all_figures(np.ones((1, units))).items()}
    bounds = weighted_intervals(
        units, all_figures, slices=len(scores), draws=draws, progress=progress
    )
    bounds = _mended(values, bounds, counts)

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
            n_slices=len(scores) if n_slices is None else n_slices,
            n_patients=n_patients,
            decision_sha256=decision_sha256,
            level=level,
            subgroup=subgroup,
        )

    overall = [metric(name, None) for name in OVERALL]
    by_class = [metric(name, index) for index in range(len(class_ids)) for name in PER_CLASS]
    return (*overall, *by_class)


def _mended(values: dict[str, Array], bounds: dict[str, Array], counts: Counts) -> dict[str, Array]:
    """Return the bounds with exact ones where draws agree, and none where none can be had."""
    if len(counts.confident) < 2:
        return bounds
    resting_on = _resting_on(counts)
    mended = {
        name: where_draws_agree(
            values[name], bounds[name], resting_on.get(name, np.zeros_like(values[name]))
        )
        for name in bounds
    }
    few = resting_on["auroc"] < _FEWEST_RANKED
    for name in ("auroc", "auprc"):
        mended[name] = np.where(few, np.nan, mended[name])
    return mended


def _resting_on(counts: Counts) -> dict[str, Array]:
    """Return how many units each figure rests on; absent where no exact interval is known.

    A mean over classes rests on as many as the class with the fewest: if all of its units are
    right, the exact bound of that class alone is one for the mean too. A ranking rests on the
    disjoint pairs that can be made of a unit of the class and another.
    """
    units = len(counts.confident)
    of_class = counts.confusion.sum(axis=-1) > 0
    named = counts.confusion[..., :-1].sum(axis=-2) > 0
    others = counts.confusion.sum(axis=(-2, -1))[:, np.newaxis] > counts.confusion.sum(axis=-1)
    either = (of_class | named).sum(axis=0).astype(float)
    with_class = of_class.sum(axis=0).astype(float)
    pairs = np.minimum(with_class, others.sum(axis=0))
    everyone = np.asarray(float(units))
    return {
        "accuracy": everyone,
        "confident": everyone,
        "confident_correct": everyone,
        "confident_accuracy": np.asarray(float((counts.confident > 0).sum())),
        "precision": named.sum(axis=0).astype(float),
        "sensitivity": with_class,
        "specificity": others.sum(axis=0).astype(float),
        "f1": either,
        "auroc": pairs,
        "balanced_accuracy": _fewest(with_class),
        "macro_f1": _fewest(either),
        "macro_auroc": _fewest(pairs),
    }


def _fewest(units: Array) -> Array:
    """Return the smallest number that is not 0, 0 where there is none."""
    return np.asarray(units[units > 0].min(initial=np.inf) if (units > 0).any() else 0.0)
