"""What a probe found."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from brainlens.outcomes import Outcome
from brainlens.probe.figures import Figures
from brainlens.words import DISCLAIMER


@dataclass(frozen=True, slots=True)
class ServedModel:
    """The model that answered.

    Attributes
    ----------
    name, version, decision_sha256
        As the service told them at the start.
    synthetic
        Whether it was trained on synthetic images.
    knows_seen
        Whether it can say which images it was trained on.
    class_ids
        Its classes, in order.
    changed
        Whether answers came from another model in between, for instance after a restart.
    """

    name: str
    version: str
    decision_sha256: str
    synthetic: bool
    knows_seen: bool
    class_ids: tuple[str, ...]
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from sending an image to its whole answer; None where none was answered."""

    median_ms: float | None
    p95_ms: float | None

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> "Latency":
        """Return median and 95th percentile."""
        if not milliseconds:
            return cls(None, None)
        median, p95 = np.percentile(milliseconds, [50, 95])
        return cls(round(float(median), 3), round(float(p95), 3))


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """The result of a walk.

    Attributes
    ----------
    url, threshold
        What was asked, and the confidence from which an answer counts as given.
    model
        The model that answered.
    sent
        Images sent; each has one outcome.
    failed
        Reason → images that got no answer.
    statuses
        ``answered``, ``abstained``, ``rejected`` → images, as the service decided.
    reasons
        Reason of an abstention or a rejection → images; an image may have several.
    repeats
        How often an image had to be sent again.
    passed_over
        Files that are no images.
    seen
        Answered images that the model was trained on; None where it cannot tell.
    unmatched
        Folder that means no class → its answered or failed images; they stay out of the figures.
    aliases
        Folder → class id, where an alias gave the truth.
    figures, figures_unseen
        Of all images; and, where some were seen in training, of the others.
    latency
        How long answers took.
    outcomes
        One row an image, in the order of the walk.
    """

    url: str
    threshold: float
    model: ServedModel
    sent: int
    failed: Mapping[str, int]
    statuses: Mapping[str, int]
    reasons: Mapping[str, int]
    repeats: int
    passed_over: int
    seen: int | None
    unmatched: Mapping[str, int]
    aliases: Mapping[str, str]
    figures: Figures
    figures_unseen: Figures | None
    latency: Latency
    outcomes: tuple[Outcome, ...]

    @property
    def first_line(self) -> str:
        """What has to be known before any figure: how many images the model was trained on."""
        answered = sum(self.statuses.values())
        if self.seen is None:
            return "The model cannot say which images it was trained on: figures may flatter it."
        if self.seen == 0:
            return f"None of the {answered} answered images was seen in training."
        return (
            f"{self.seen} of the {answered} answered images were seen in training; figures are "
            "given with and without them."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the report as a JSON object, outcomes left out."""
        fields = {name: getattr(self, name) for name in self.__slots__ if name != "outcomes"}
        return {
            "first_line": self.first_line,
            **{name: _plain(value) for name, value in fields.items()},
            "disclaimer": DISCLAIMER,
        }


def _plain(value: Any) -> Any:
    if isinstance(value, ServedModel | Latency | Figures):
        return asdict(value)
    return dict(value) if isinstance(value, Mapping) else value
