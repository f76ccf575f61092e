"""The result: how accuracy and answer rate change with every perturbation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brainlens.evaluation.ratio import Ratio

#: Figures of every grade. ``accuracy`` and ``answer_rate`` are shares of all slices,
#: ``answered_accuracy`` of those answered; ``change`` is the accuracy less that of the same slices
#: unchanged.
FIGURES = ("accuracy", "change", "answer_rate", "answered_accuracy")

#: What stands for a grade where nothing was changed.
UNCHANGED = "unchanged"


@dataclass(frozen=True)
class GradeResult:
    """Figures of one perturbation at one strength; ``figures`` by the names of `FIGURES`."""

    grade: float | str
    figures: Mapping[str, Ratio]

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold of it."""
        return {"grade": self.grade, **{n: ratio.to_dict() for n, ratio in self.figures.items()}}


@dataclass(frozen=True)
class FamilyResult:
    """Figures of one perturbation at all its strengths; ``scale`` says what a grade counts."""

    name: str
    scale: str
    grades: tuple[GradeResult, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold of it."""
        return {
            "name": self.name,
            "scale": self.scale,
            "grades": [grade.to_dict() for grade in self.grades],
        }


@dataclass(frozen=True)
class Robustness:
    """How a bundle bears perturbations of the slices of one split.

    Attributes
    ----------
    model, decision_sha256
        Name and version, and decision hash, of the bundle that was measured.
    class_ids
        The bundle's classes in its order.
    split, protocol
        Which slices, and how they were set apart from the training.
    threshold
        The bundle's confidence threshold.
    n_slices, n_patients
        Slices in every figure, and their patients, None where one is unknown.
    n_available
        Slices that could have been looked at; more than ``n_slices`` where only some were asked
        for.
    failures
        (path, reason) of slices in no figure because they could not be used.
    majority
        Share of the most frequent class: what naming it always would reach.
    unchanged
        Figures of the slices as they are; ``change`` is not among them.
    families
        One a perturbation.
    """

    model: str
    decision_sha256: str
    class_ids: tuple[str, ...]
    split: str
    protocol: str
    threshold: float
    n_slices: int
    n_patients: int | None
    n_available: int
    failures: tuple[tuple[str, str], ...]
    majority: float
    unchanged: Mapping[str, Ratio]
    families: tuple[FamilyResult, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold of it."""
        return {
            "schema": 1,
            "model": self.model,
            "decision_sha256": self.decision_sha256,
            "classes": list(self.class_ids),
            "split": self.split,
            "protocol": self.protocol,
            "threshold": self.threshold,
            "n_slices": self.n_slices,
            "n_patients": self.n_patients,
            "n_available": self.n_available,
            "failures": [{"path": path, "reason": reason} for path, reason in self.failures],
            "majority": self.majority,
            "unchanged": {name: ratio.to_dict() for name, ratio in self.unchanged.items()},
            "families": [family.to_dict() for family in self.families],
        }

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """(perturbation, grade, then each of `FIGURES`) as text, one row a grade."""
        first = (
            UNCHANGED,
            "",
            *("" if name == "change" else str(self.unchanged[name]) for name in FIGURES),
        )
        return [first] + [
            (family.name, grade_text(grade.grade), *(str(grade.figures[name]) for name in FIGURES))
            for family in self.families
            for grade in family.grades
        ]


def grade_text(grade: float | str) -> str:
    """Return a grade as people read it."""
    return grade if isinstance(grade, str) else f"{grade:g}"
