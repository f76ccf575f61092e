"""The result of showing a model classes it was never trained on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from brainlens.evaluation.ratio import Ratio
from brainlens.evaluation.separation import Separation
from brainlens.pipeline.small_run import SmallRun
from brainlens.words import DISCLAIMER

#: How the sentence for a model card begins; one bundle carries one such sentence.
NO_WORD: Final = "The model has no word for a tumour of a kind that it was not trained on"


@dataclass(frozen=True)
class LeftOut:
    """One class left out of the training, and shown.

    Attributes
    ----------
    class_id, display_name
        The class.
    decision_sha256, temperature, threshold
        Of the model trained without it; the temperature was fitted on its validation slices.
    accuracy, known_answered
        Of the test slices of the classes it knows: share right, and share answered.
    answered
        Share of the slices of the class left out that the model answered all the same.
    taken_for
        Class → slices of the class left out for which it was the most probable.
    by_confidence, by_distance
        How well one less the confidence, and the distance from the embeddings of the training
        slices, tell the class left out from those known.
    n_hidden
        Slices of the class that were not shown, since other slices of their patients were trained
        on.
    """

    class_id: str
    display_name: str
    decision_sha256: str
    temperature: float
    threshold: float
    accuracy: Ratio
    known_answered: Ratio
    answered: Ratio
    taken_for: Mapping[str, int]
    by_confidence: Separation
    by_distance: Separation
    n_hidden: int

    @property
    def sentence(self) -> str:
        """All this in plain words."""
        return (
            f"Trained without {self.display_name} and shown {self.answered.n_slices} slices of it, "
            f"the model answered {percent(self.answered)} of them at its threshold of "
            f"{self.threshold:g}, as if they were of a class it knows; of those it does know it "
            f"answered {percent(self.known_answered)}. Confidence tells the two apart with an "
            f"AUROC of {_area(self.by_confidence)}, the place among the learnt features with "
            f"{_area(self.by_distance)}; 0.5 is guessing."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold of it."""
        return {
            "class": self.class_id,
            "decision_sha256": self.decision_sha256,
            "temperature": self.temperature,
            "threshold": self.threshold,
            "known_accuracy": self.accuracy.to_dict(),
            "known_answered": self.known_answered.to_dict(),
            "unknown_answered": self.answered.to_dict(),
            "taken_for": dict(sorted(self.taken_for.items())),
            "confidence": self.by_confidence.to_dict(),
            "embedding_distance": self.by_distance.to_dict(),
            "n_hidden": self.n_hidden,
            "sentence": self.sentence,
        }


@dataclass(frozen=True)
class UnknownResult:
    """What models say of classes they were never shown.

    Attributes
    ----------
    left_out
        One a class, in the order of the data.
    protocol, data_sha256
        How the split was made, and the fingerprint of all slices.
    run
        The choices of every training.
    """

    left_out: tuple[LeftOut, ...]
    protocol: str
    data_sha256: str
    run: SmallRun

    @property
    def summary(self) -> str:
        """The result in one sentence, for the first lines of a model card."""
        shares = [100 * (one.answered.value or 0.0) for one in self.left_out]
        areas = [one.by_confidence.auroc for one in self.left_out]
        answered = _between([f"{share:.0f}" for share in (min(shares), max(shares))])
        auroc = _between([f"{area:.2f}" for area in (min(areas), max(areas))])
        return (
            f"{NO_WORD}: with one "
            f"class left out of the training and then shown, {answered} % of its slices were "
            "answered as one of the others, and confidence told it from them with an AUROC of "
            f"{auroc} (0.5 is guessing, 1 is never mistaken). Measured on models trained for this "
            f"purpose ({self.run.size} px, {self.run.epochs} epochs, seed {self.run.seed})."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what ``unknown.json`` holds."""
        return {
            "schema": 1,
            "test": "unknown classes",
            "protocol": self.protocol,
            "data_sha256": self.data_sha256,
            "run": self.run.to_dict(),
            "classes": [one.to_dict() for one in self.left_out],
            "summary": self.summary,
            "disclaimer": DISCLAIMER,
        }


def percent(ratio: Ratio) -> str:
    """Return a share in per cent, with its interval where there is one."""
    if ratio.value is None:
        return "–"
    value = f"{100 * ratio.value:.0f} %"
    if ratio.interval is None:
        return value
    low, high = (100 * bound for bound in ratio.interval)
    return f"{value} ({low:.0f} to {high:.0f} %)"


def _area(found: Separation) -> str:
    if found.interval is None:
        return f"{found.auroc:.2f}"
    return f"{found.auroc:.2f} ({found.interval[0]:.2f} to {found.interval[1]:.2f})"


def _between(ends: list[str]) -> str:
    low, high = ends
    return low if low == high else f"{low} to {high}"
