"""Two reports on the same slices: whether one model is better, or chance made it look so."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from brainlens.errors import DataError
from brainlens.evaluation.bootstrap import intervals
from brainlens.evaluation.counts import Array, Counts
from brainlens.evaluation.exchange_test import exchange_p_value
from brainlens.evaluation.metrics import figures
from brainlens.evaluation.saved_report import SavedReport
from brainlens.evaluation.scores import REJECTED, Scores
from brainlens.outcomes import Outcome
from brainlens.words import DISCLAIMER

#: p-values below this count as evidence.
SIGNIFICANT: Final = 0.05

#: Figures compared, of all classes and of each class.
OVERALL: Final = (
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "loss",
    "confident",
    "confident_correct",
    "confident_accuracy",
)
PER_CLASS: Final = ("precision", "sensitivity", "f1")

Verdict = Literal["difference", "unclear", "not_shown", "untestable"]


@dataclass(frozen=True, slots=True)
class PairedFigure:
    """One figure of both models on the same slices.

    Attributes
    ----------
    name, class_id
        Which figure; ``class_id`` is None for all classes.
    first, second
        Its values, None where undefined.
    interval
        95 % interval of second less first, by drawing patients; None where there is none.
    """

    name: str
    class_id: str | None
    first: float | None
    second: float | None
    interval: tuple[float, float] | None

    @property
    def difference(self) -> float | None:
        """Second less first."""
        if self.first is None or self.second is None:
            return None
        return self.second - self.first


@dataclass(frozen=True)
class Comparison:
    """Two models on the slices that both reports have.

    Attributes
    ----------
    first, second
        The reports.
    n_slices, n_patients
        Slices that both models answered about; ``n_patients`` is None where some are unknown.
    n_units
        What was drawn: patients, where these are unknown groups, else slices.
    only_first, only_second
        Labelled slices that the other report does not hold.
    n_failed
        Slices of both reports that one of the models gave no answer about (damaged files).
    figures
        Overall, then by class.
    both_right, only_first_right, only_second_right, both_wrong
        Slices.
    p_slices
        McNemar's exact test, as if slices were independent.
    p_patients
        The same with whole patients exchanged; see `brainlens.evaluation.exchange_test`.
    agreement
        Share of slices that both give the same class.
    kappa
        Cohen's kappa (1960) of the two predictions; None where both always say one same class.
    n_seen_first, n_seen_second
        Slices that the model was trained on, as far as its report tells.
    """

    first: SavedReport
    second: SavedReport
    n_slices: int
    n_patients: int | None
    n_units: int
    only_first: int
    only_second: int
    n_failed: int
    figures: tuple[PairedFigure, ...]
    both_right: int
    only_first_right: int
    only_second_right: int
    both_wrong: int
    p_slices: float
    p_patients: float
    agreement: float
    kappa: float | None
    n_seen_first: int
    n_seen_second: int

    @property
    def accuracy(self) -> PairedFigure:
        """The figure that the verdict is about."""
        return self.figures[0]

    @property
    def verdict(self) -> Verdict:
        """Whether the difference in accuracy is one: the interval and the exact test must agree."""
        if self.n_units < 2:
            return "untestable"
        interval = self.accuracy.interval
        apart = interval is not None and not interval[0] <= 0 <= interval[1]
        unlikely = self.p_patients < SIGNIFICANT
        if apart and unlikely:
            return "difference"
        return "unclear" if apart or unlikely else "not_shown"

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold of it."""
        return {
            "schema": 1,
            **{side: _side(report) for side, report in (("a", self.first), ("b", self.second))},
            **{f.name: getattr(self, f.name) for f in fields(self) if f.name not in _NOT_PLAIN},
            "figures": [
                {
                    "name": figure.name,
                    "class_id": figure.class_id,
                    "a": figure.first,
                    "b": figure.second,
                    "difference": figure.difference,
                    "interval": figure.interval and list(figure.interval),
                }
                for figure in self.figures
            ],
            "verdict": self.verdict,
            "disclaimer": DISCLAIMER,
        }


_NOT_PLAIN: Final = ("first", "second", "figures")


def compare(first: SavedReport, second: SavedReport) -> Comparison:
    """Compare two models on the slices that both reports hold.

    Slices are matched by their path. Whole patients are drawn, with both
    models' answers, so an interval is of the difference itself.

    Raises
    ------
    DataError
        If the reports share no slice, say different truths of one, hold one twice, or are of
        models with different classes.
    """
    if set(first.class_ids) != set(second.class_ids):
        raise DataError(
            "The two models tell different classes apart: "
            f"{', '.join(first.class_ids)} and {', '.join(second.class_ids)}.",
            hint="Compare models of the same classes.",
        )
    of_first, of_second = _by_path(first), _by_path(second)
    a, b = _answered_by_both(of_first, of_second)
    n_common = len(of_first.keys() & of_second.keys())
    scores = [Scores.from_outcomes(outcomes, first.class_ids) for outcomes in (a, b)]
    right = [s.predicted == s.truth for s in scores]
    gains = right[1].astype(np.int64) - right[0].astype(np.int64)
    units = scores[0].unit
    of_units = np.bincount(units, weights=gains).round().astype(np.int64)
    patients = {outcome.patient for outcome in a}
    return Comparison(
        first=first,
        second=second,
        n_slices=len(a),
        n_patients=None if "" in patients else len(patients),
        n_units=len(of_units),
        only_first=len(of_first) - n_common,
        only_second=len(of_second) - n_common,
        n_failed=n_common - len(a),
        figures=_figures(scores[0], scores[1], first.class_ids),
        both_right=int((right[0] & right[1]).sum()),
        only_first_right=int((gains < 0).sum()),
        only_second_right=int((gains > 0).sum()),
        both_wrong=int((~right[0] & ~right[1]).sum()),
        p_slices=exchange_p_value(gains),
        p_patients=exchange_p_value(of_units),
        agreement=float((scores[0].predicted == scores[1].predicted).mean()),
        kappa=cohen_kappa(scores[0].predicted, scores[1].predicted, len(first.class_ids)),
        n_seen_first=sum(outcome.seen_in_training is True for outcome in a),
        n_seen_second=sum(outcome.seen_in_training is True for outcome in b),
    )


def cohen_kappa(
    first: NDArray[np.int64], second: NDArray[np.int64], n_classes: int
) -> float | None:
    """Return Cohen's kappa (1960) of two predictions; None where chance alone would agree always.

    Parameters
    ----------
    first, second
        ``int64`` [n], predicted classes 0 … n_classes - 1; the rejected count as one more class.
    """
    table = np.zeros((n_classes + 1, n_classes + 1))
    last = [np.where(p == REJECTED, n_classes, p) for p in (first, second)]
    np.add.at(table, (last[0], last[1]), 1.0)
    shares = table / table.sum()
    by_chance = float(shares.sum(axis=1) @ shares.sum(axis=0))
    if by_chance >= 1:
        return None
    return (float(np.trace(shares)) - by_chance) / (1 - by_chance)


def _side(report: SavedReport) -> dict[str, str]:
    return {
        "model": report.model,
        "decision_sha256": report.decision_sha256,
        "split": report.split,
        "protocol": report.protocol,
    }


def _answered_by_both(
    of_first: dict[str, Outcome], of_second: dict[str, Outcome]
) -> tuple[list[Outcome], list[Outcome]]:
    shared = [path for path in of_first if path in of_second]
    if not shared:
        raise DataError(
            "The two reports share no labelled slice.",
            hint="Evaluate both models on the same images, with paths that begin in the same "
            "folder.",
        )
    a, b = [], []
    for path in shared:
        one, other = of_first[path], of_second[path]
        _require_same_truth(one, other)
        if not (one.error or other.error):
            # Provenance from one side is enough; the units of both must be the same.
            patient, group = one.patient or other.patient, one.group or other.group
            a.append(replace(one, patient=patient, group=group))
            b.append(replace(other, patient=patient, group=group))
    if not a:
        raise DataError(
            f"Of the {len(shared)} slices that both reports hold, none has two answers.",
            hint="Look into the column error of the outcomes.",
        )
    return a, b


def _by_path(report: SavedReport) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    for outcome in report.outcomes:
        if not outcome.label:
            continue
        if outcome.path in found:
            raise DataError(
                f"The report of {report.model} holds {outcome.path} twice.",
                hint="Compare reports that hold each slice once.",
            )
        if outcome.label not in report.class_ids:
            raise DataError(
                f"The report of {report.model} calls {outcome.path} {outcome.label}, which is no "
                "class of the model.",
                hint="Evaluate again; `brainlens evaluate --map LABEL=CLASS` says what it means.",
            )
        found[outcome.path] = outcome
    return found


def _require_same_truth(one: Outcome, other: Outcome) -> None:
    for what, first, second in (
        ("label", one.label, other.label),
        ("patient", one.patient, other.patient),
    ):
        if first and second and first != second:
            raise DataError(
                f"The reports differ in the {what} of {one.path}: {first} and {second}.",
                hint="They are of different data; evaluate both models on the same set.",
            )


def _figures(first: Scores, second: Scores, class_ids: Sequence[str]) -> tuple[PairedFigure, ...]:
    both = _paired(Counts.per_unit(first), Counts.per_unit(second))
    values = _of_interest(both.total())
    bounds = intervals(both, _differences)

    def figure(name: str, index: int | None) -> PairedFigure:
        at = () if index is None else (index,)
        low, high = (float(bound) for bound in bounds[name][(slice(None), *at)])
        return PairedFigure(
            name=name,
            class_id=None if index is None else class_ids[index],
            first=_known(values[name][(0, *at)]),
            second=_known(values[name][(1, *at)]),
            interval=(low, high) if low < high else None,
        )

    overall = [figure(name, None) for name in OVERALL]
    by_class = [figure(name, i) for i in range(len(class_ids)) for name in PER_CLASS]
    return (*overall, *by_class)


def _paired(first: Counts, second: Counts) -> Counts:
    """Return sums [units, 2, ...]: one draw of patients then weighs both models alike."""
    return Counts(
        **{
            field.name: np.stack([getattr(first, field.name), getattr(second, field.name)], axis=1)
            for field in fields(Counts)
        }
    )


def _of_interest(counts: Counts) -> dict[str, Array]:
    found = figures(counts)
    return {name: found[name] for name in (*OVERALL, *PER_CLASS)}


def _differences(counts: Counts) -> dict[str, Array]:
    """Return second less first of every figure; the models are the axis before the classes."""
    found = _of_interest(counts)
    return {
        name: values[..., 1] - values[..., 0]
        if name in OVERALL
        else values[..., 1, :] - values[..., 0, :]
        for name, values in found.items()
    }


def _known(value: np.floating[Any]) -> float | None:
    return None if np.isnan(value) else float(value)
