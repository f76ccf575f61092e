"""What each epoch came to."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from brainlens.datasets.split_check import SplitStatus
from brainlens.errors import RunError
from brainlens.files import write_json
from brainlens.training.config import Criterion

_MARK = "split_check"


class EpochRecord(BaseModel):
    """One epoch; with the run's ``split_check``, a row of ``history.json``.

    Attributes
    ----------
    epoch
        From 1.
    train_loss, train_accuracy
        Means over the training slices as trained on: augmented, with dropout, while weights moved.
    val_loss, val_accuracy
        Means over the validation slices after the epoch.
    val_confident_correct
        Share of all validation slices predicted correctly with confidence ≥ 0.7.
    learning_rate
        At the epoch's last step.
    seconds
        Wall time, validation included.
    val_lesion_dice
        Mean Dice coefficient of lesion map and outline over the validation slices that have one,
        for networks that learn from outlines; else not written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    val_confident_correct: float
    learning_rate: float
    seconds: float
    val_lesion_dice: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold of it: all that is known."""
        return self.model_dump(exclude_none=True)

    def beats(self, other: "EpochRecord | None", criterion: Criterion) -> bool:
        """Whether this epoch is the best so far; of equals the earlier stays."""
        return other is None or self._rank(criterion) > other._rank(criterion)

    def _rank(self, criterion: Criterion) -> tuple[float, ...]:
        if criterion == "val_loss":
            return (-self.val_loss,)
        return (self.val_accuracy, -self.val_loss)


def write_history(path: Path, records: list[EpochRecord], split_check: SplitStatus) -> None:
    """Write ``history.json`` atomically; every row carries the result of the split check.

    Whoever plots or copies rows of it learns what the validation figures are worth.
    """
    write_json(path, [record.to_dict() | {_MARK: split_check} for record in records])


def read_history(path: Path) -> list[EpochRecord]:
    """Read ``history.json``.

    Raises
    ------
    RunError
        If the file is missing or not a history.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [
            EpochRecord.model_validate({name: row[name] for name in row if name != _MARK})
            for row in rows
        ]
    except (OSError, ValueError, TypeError) as error:
        raise RunError(
            f"{path} cannot be read as a history: {error}",
            hint="Name the folder of a training run that finished at least one epoch.",
        ) from error


def best_record(records: list[EpochRecord], criterion: Criterion) -> EpochRecord | None:
    """Return the best epoch, or None of none."""
    best: EpochRecord | None = None
    for record in records:
        if record.beats(best, criterion):
            best = record
    return best
