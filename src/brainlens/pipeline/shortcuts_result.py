"""The result of the shortcut tests."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from brainlens.pipeline.small_run import SmallRun
from brainlens.words import DISCLAIMER

Test = Literal["whole_images", "shuffled_labels", "head_outline", "file_facts"]
Interval = tuple[float, float] | None

TITLES: Final[dict[Test, str]] = {
    "whole_images": "whole images",
    "shuffled_labels": "labels shuffled by patient",
    "head_outline": "outline of the head only",
    "file_facts": "file facts only",
}

_MEANINGS: Final[dict[Test, tuple[str, str]]] = {
    # What it means to be no better than chance, and to be better.
    "whole_images": (
        "The small model learns nothing from the images themselves, so the other rows say little: "
        "give it more epochs.",
        "What the same small model reaches with everything there is to see: the yardstick.",
    ),
    "shuffled_labels": (
        "With labels that mean nothing the model does no better than guessing on patients it was "
        "not trained on, as it should: the split does not give them away.",
        "The labels mean nothing, yet the model does better than guessing on the test slices: it "
        "knows them from training. Look for patients and copies on both sides of the split with "
        "`brainlens data audit`.",
    ),
    "head_outline": (
        "The outline of the head does not give the class away.",
        "The outline of the head alone gives part of the class away. Some of this is anatomy and "
        "legitimate: a tumour that grows at one place is shown at one height and in few planes, "
        "and the outline tells both. The rest is how the slices were chosen. In neither case does "
        "it come from looking at the tumour.",
    ),
    "file_facts": (
        "Size, format, compression, border and the place of the head do not give the class away.",
        "Size, format, compression, border or the place of the head give part of the class away "
        "without a look at the brain. `brainlens data audit` says which; where the head lies is "
        "partly anatomy, as with the outline, all else tells of where the files come from.",
    ),
}
_UNKNOWN: Final = "Too few patients for an interval, so it cannot be told from guessing."
_NOT_LEARNT: Final = (
    "The model did not even learn the labels of its training slices by heart, so it could not have "
    "shown a leak: give it more epochs."
)


@dataclass(frozen=True)
class Shortcut:
    """What one test reached.

    Attributes
    ----------
    name
        Which test.
    n_slices, n_patients
        What it was measured on; ``n_patients`` is None where patients are unknown. Patients stand
        for groups where file facts are tested.
    chance
        Balanced accuracy of guessing: one by the number of classes.
    balanced_accuracy, interval
        Mean share found over the classes, 0 to 1, with its 95 % interval; None where nothing could
        be measured, or with too few patients for an interval.
    accuracy, accuracy_interval
        Share of slices right; None for file facts.
    trained
        Balanced accuracy on the training slices; None for file facts.
    most_frequent
        Accuracy of always naming the most frequent class of the test; None for file facts.
    reason
        Why nothing was measured; empty where it was.
    """

    name: Test
    n_slices: int
    n_patients: int | None
    chance: float
    balanced_accuracy: float | None
    interval: Interval
    accuracy: float | None = None
    accuracy_interval: Interval = None
    trained: float | None = None
    most_frequent: float | None = None
    reason: str = ""

    @property
    def title(self) -> str:
        """The test's name for people."""
        return TITLES[self.name]

    @property
    def above_chance(self) -> bool | None:
        """Whether all of the interval is above guessing; None where there is no interval."""
        return None if self.interval is None else self.interval[0] > self.chance

    @property
    def meaning(self) -> str:
        """What the result means, in plain words."""
        if self.reason:
            return self.reason
        above = self.above_chance
        if above is None:
            return _UNKNOWN
        if self.name == "shuffled_labels" and not above and not self._by_heart:
            return _NOT_LEARNT
        return _MEANINGS[self.name][int(above)]

    @property
    def _by_heart(self) -> bool:
        """Whether the training slices were learnt at least half way from guessing to perfect."""
        return self.trained is not None and self.trained >= (1 + self.chance) / 2

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold of it."""
        return {
            "test": self.name,
            "n_slices": self.n_slices,
            "n_patients": self.n_patients,
            "chance": self.chance,
            "balanced_accuracy": self.balanced_accuracy,
            "interval": None if self.interval is None else list(self.interval),
            "accuracy": self.accuracy,
            "accuracy_interval": (
                None if self.accuracy_interval is None else list(self.accuracy_interval)
            ),
            "trained": self.trained,
            "most_frequent": self.most_frequent,
            "above_chance": self.above_chance,
            "meaning": self.meaning,
        }


@dataclass(frozen=True)
class ShortcutsResult:
    """What can be learnt of a data set without looking at the lesion.

    Attributes
    ----------
    shortcuts
        One a test.
    protocol, data_sha256
        How the split was made, and the fingerprint of all slices.
    run
        The choices of every training.
    """

    shortcuts: tuple[Shortcut, ...]
    protocol: str
    data_sha256: str
    run: SmallRun

    def to_dict(self) -> dict[str, Any]:
        """Return what ``shortcuts.json`` holds."""
        return {
            "schema": 1,
            "test": "shortcuts",
            "protocol": self.protocol,
            "data_sha256": self.data_sha256,
            "run": self.run.to_dict(),
            "shortcuts": [one.to_dict() for one in self.shortcuts],
            "disclaimer": DISCLAIMER,
        }
