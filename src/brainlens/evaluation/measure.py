"""From outcomes to figures, whoever asked for the outcomes: an evaluation or all folds pooled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from brainlens.datasets.manifest import Progress
from brainlens.evaluation.bootstrap import DRAWS
from brainlens.evaluation.counts import Counts
from brainlens.evaluation.evaluation import UNSEEN, UNSHARED, Measurement
from brainlens.evaluation.metrics import metrics
from brainlens.evaluation.patient_level import of_several_classes, patient_scores
from brainlens.evaluation.scores import Scores
from brainlens.outcomes import Outcome


@dataclass(frozen=True)
class Measurements:
    """Figures over all slices that got an answer, and over parts of them.

    Attributes
    ----------
    all
        Every such slice.
    unseen
        Without the slices that the model was trained on; None where there are no such.
    unshared
        Without the slices of groups that other splits hold too; None where there are no such.
    patients
        One answer a patient; None where a patient is unknown. Without slices seen in training,
        unless all are.
    subgroups
        Name → the slices of a subgroup, of those that ``patients`` is of.
    n_seen
        Slices that the model was trained on, as far as its hashes can tell.
    n_mixed_patients
        Patients with slices of several classes: not in ``patients``.
    """

    all: Measurement
    unseen: Measurement | None = None
    unshared: Measurement | None = None
    patients: Measurement | None = None
    subgroups: Mapping[str, Measurement] = field(default_factory=dict)
    n_seen: int = 0
    n_mixed_patients: int = 0


@dataclass(frozen=True, slots=True)
class _Selection:
    """What is measured, and what its figures say of themselves."""

    keep: NDArray[np.bool_]
    protocol: str
    level: Literal["slice", "patient"] = "slice"
    subgroup: str | None = None


def measure(
    outcomes: Sequence[Outcome],
    class_ids: Sequence[str],
    *,
    split: str,
    protocol: str,
    threshold: float,
    decision_sha256: str | None,
    shared: NDArray[np.bool_] | None = None,
    subgroups: Mapping[str, NDArray[np.bool_]] | None = None,
    draws: int = DRAWS,
    progress: Progress | None = None,
) -> Measurements:
    """Return the figures of outcomes, of parts of them, and by patient.

    Parameters
    ----------
    outcomes
        n slices that got an answer, at least one; their labels are among ``class_ids``.
    class_ids
        Class ids in the bundle's order.
    split, protocol, decision_sha256
        What the figures are of; ``decision_sha256`` is None where several bundles answered.
    threshold
        Confidence at or above which a patient's combined answer counts as confident.
    shared
        [n]: whether other splits hold slices of the same group; None where none do.
    subgroups
        Name for people → [n]: which slices belong to it.
    draws
        How often the patients are drawn for each interval.
    progress
        Called with (draws done, draws) over all parts.

    Raises
    ------
    ValueError
        If there is no outcome, one failed, or a label is not among ``class_ids``.
    """
    if not outcomes:
        raise ValueError("nothing to measure")
    scores = Scores.from_outcomes(outcomes, class_ids)
    patients = np.array([outcome.patient for outcome in outcomes])
    seen = np.array([outcome.seen_in_training is True for outcome in outcomes], dtype=np.bool_)
    selections = _slices(protocol, seen, shared)
    # Where all were seen, figures by patient can only be of what was seen.
    base = selections["all" if seen.all() or not seen.any() else "unseen"]
    mixed = of_several_classes(scores) & base.keep
    if not (patients[base.keep] == "").any() and (base.keep & ~mixed).any():
        selections["patients"] = replace(base, keep=base.keep & ~mixed, level="patient")
    groups = {
        name: replace(base, keep=members & base.keep, subgroup=name)
        for name, members in (subgroups or {}).items()
        if (members & base.keep).any()
    }

    def measured(number: int, selection: _Selection) -> Measurement:
        def told(done: int, _: int) -> None:
            if progress is not None:
                progress(number * draws + done, (len(selections) + len(groups)) * draws)

        slices = scores.select(selection.keep)
        rows = patient_scores(slices, threshold) if selection.level == "patient" else slices
        names = {*patients[selection.keep].tolist()}
        n_patients = None if "" in names or not names else len(names)
        found = metrics(
            rows,
            class_ids,
            split=split,
            protocol=selection.protocol,
            n_patients=n_patients,
            decision_sha256=decision_sha256,
            level=selection.level,
            subgroup=selection.subgroup,
            n_slices=len(slices),
            draws=draws,
            progress=told,
        )
        return Measurement(
            n_slices=len(slices),
            n_patients=n_patients,
            metrics=found if len(slices) else (),
            confusion=Counts.per_unit(rows).total().confusion.astype(np.int64),
        )

    ordered = enumerate({**selections, **groups}.items())
    found = {name: measured(number, selection) for number, (name, selection) in ordered}
    return Measurements(
        all=found["all"],
        unseen=found.get("unseen"),
        unshared=found.get("unshared"),
        patients=found.get("patients"),
        subgroups={name: found[name] for name in groups},
        n_seen=int(seen.sum()),
        n_mixed_patients=len({*patients[mixed].tolist()} - {""}),
    )


def _slices(
    protocol: str, seen: NDArray[np.bool_], shared: NDArray[np.bool_] | None
) -> dict[str, _Selection]:
    """Return what is measured slice by slice: everything, and the parts that leak nothing."""
    selections = {"all": _Selection(np.ones_like(seen), protocol)}
    if seen.any():
        selections["unseen"] = _Selection(~seen, f"{protocol}, {UNSEEN}")
    if shared is not None and shared.any():
        selections["unshared"] = _Selection(~shared, f"{protocol}, {UNSHARED}")
    return selections
