"""The result of an evaluation: figures, how they came about, and what stayed out of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainlens.bundle.schema import Metric
from brainlens.errors import BelowMinimum
from brainlens.evaluation.gate_effect import GateEffect
from brainlens.outcomes import Outcome
from brainlens.words import DISCLAIMER

#: Version of what `Evaluation.to_dict` returns. 2 added ``patients``, ``subgroups`` and ``notes``,
#: 3 ``gates`` and, in ``metrics.json``, ``data_sha256``, ``split_check``, ``looking`` and
#: ``robustness``.
SCHEMA = 3

#: Added to the protocol of figures without the slices that the model was trained on.
UNSEEN = "without images seen in training"

#: Added to the protocol of figures without the slices of groups that other splits hold too.
UNSHARED = "without groups shared with another split"


@dataclass(frozen=True, slots=True)
class Measurement:
    """Figures over one selection of slices.

    Attributes
    ----------
    n_slices, n_patients
        How many; ``n_patients`` is None where a slice's patient is unknown.
    metrics
        Every figure with its interval; empty where there are no slices.
    confusion
        ``int64`` [C, C + 1]: slices, or patients at their level, by true class (rows) and predicted
        class; the last column holds the rejected.
    """

    n_slices: int
    n_patients: int | None
    metrics: tuple[Metric, ...]
    confusion: NDArray[np.int64]

    def find(self, name: str, class_id: str | None = None) -> Metric | None:
        """Return one figure with its interval; None where it was not measured."""
        for metric in self.metrics:
            if (metric.name, metric.class_id) == (name, class_id):
                return metric
        return None

    def value(self, name: str, class_id: str | None = None) -> float | None:
        """Return one figure; None where it is undefined."""
        metric = self.find(name, class_id)
        return None if metric is None else metric.value

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold of it."""
        return {
            "n_slices": self.n_slices,
            "n_patients": self.n_patients,
            "confusion": self.confusion.tolist(),
            "metrics": [metric.model_dump(mode="json") for metric in self.metrics],
        }


@dataclass(frozen=True)
class Evaluation:
    """What a bundle is worth on one split of a data set.

    Attributes
    ----------
    model, decision_sha256
        Name and version, and decision hash, of the bundle that was measured.
    class_ids
        The bundle's classes in its order: rows and columns of confusion matrices.
    split, protocol
        Which slices, and how they were set apart from the training.
    threshold
        The bundle's confidence threshold.
    outcomes
        One a slice that has a true class, in the manifest's order, failures included; their labels
        are class ids.
    all
        Figures of every slice that got an answer.
    unseen
        The same without the slices that the model was trained on; None where there are no such.
    unshared
        The same without the slices whose group other splits of the manifest hold too; None where
        there are no such.
    n_failed
        Slices without an answer (damaged files): counted here, in no figure.
    n_seen
        Slices that the model was trained on, as far as its hashes can tell.
    knows_seen
        Whether the bundle carries the hashes of its training slices at all.
    n_unlabelled
        Slices without a label: not looked at.
    unmatched
        Label that means none of the classes → number of slices: not looked at.
    aliases
        Label that was taken for another class id → that id.
    cautions
        What must be said about the bundle itself.
    patients
        Figures by patient, the slices of each combined into one answer; None where a patient is
        unknown. Of the slices not seen in training, unless all were.
    subgroups
        Name → figures of part of those slices; see `brainlens.evaluation.subgroups`.
    notes
        What must be said about the data and the figures, in whole sentences.
    gates
        What the bundle's gates change; None where it has none.
    """

    model: str
    decision_sha256: str
    class_ids: tuple[str, ...]
    split: str
    protocol: str
    threshold: float
    outcomes: tuple[Outcome, ...]
    all: Measurement
    unseen: Measurement | None
    unshared: Measurement | None
    n_failed: int
    n_seen: int
    knows_seen: bool
    n_unlabelled: int
    unmatched: Mapping[str, int]
    aliases: Mapping[str, str]
    cautions: tuple[str, ...] = ()
    patients: Measurement | None = None
    subgroups: Mapping[str, Measurement] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    gates: GateEffect | None = None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The figures for the bundle: of all slices, of the selections, by patient, of subgroups.

        Of subgroups only those about all classes: the others are in the report.
        """
        parts = (self.all, self.unseen, self.unshared, self.patients)
        whole = (metric for part in parts if part is not None for metric in part.metrics)
        of_subgroups = (metric for part in self.subgroups.values() for metric in part.metrics)
        return (*whole, *(metric for metric in of_subgroups if metric.class_id is None))

    @property
    def seen_sentence(self) -> str:
        """How many of the slices the model was trained on, in one sentence."""
        if not self.knows_seen:
            return "The model does not record what it was trained on: copies cannot be told."
        return f"The model was trained on {self.n_seen} of these {len(self.outcomes)} images."

    def require_accuracy(self, minimum: float) -> None:
        """Check the accuracy: of the unseen slices where there are seen ones, else of all.

        Raises
        ------
        BelowMinimum
            If it is below ``minimum``, a share in [0, 1], or undefined.
        """
        accuracy = (self.unseen or self.all).value("accuracy")
        if accuracy is None or accuracy < minimum:
            found = "undefined" if accuracy is None else f"{accuracy:.4f}"
            of = f" {UNSEEN}" if self.unseen else ""
            raise BelowMinimum(f"The accuracy{of} is {found}, below the wanted {minimum:.4f}.")

    def to_dict(self) -> dict[str, Any]:
        """Return what ``metrics.json`` holds: everything but the outcomes."""
        selections = {
            "all": self.all,
            "unseen": self.unseen,
            "unshared": self.unshared,
            "patients": self.patients,
        }
        return {
            "schema": SCHEMA,
            "model": self.model,
            "decision_sha256": self.decision_sha256,
            "classes": list(self.class_ids),
            "split": self.split,
            "protocol": self.protocol,
            "threshold": self.threshold,
            "n_sent": len(self.outcomes),
            "n_failed": self.n_failed,
            "n_seen": self.n_seen if self.knows_seen else None,
            "n_unlabelled": self.n_unlabelled,
            "unmatched": dict(self.unmatched),
            "aliases": dict(self.aliases),
            "cautions": list(self.cautions),
            "notes": list(self.notes),
            **{name: part and part.to_dict() for name, part in selections.items()},
            "subgroups": {name: part.to_dict() for name, part in self.subgroups.items()},
            "gates": self.gates and self.gates.to_dict(),
            "disclaimer": DISCLAIMER,
        }
