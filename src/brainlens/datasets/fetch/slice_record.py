"""What is kept of a slice when it is converted."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from brainlens.datasets.cheng import CHENG_LABELS, base_pid
from brainlens.files import write_bytes, write_text

_NUMBERS: Final = {label: number for number, label in CHENG_LABELS.items()}
_COLUMNS: Final = (
    "slice", "label", "pid", "base_pid", "fold",
    "width", "height", "lowest", "highest", "lesion_pixels",
)  # fmt: skip


class SliceRecord(BaseModel):
    """One converted slice.

    Attributes
    ----------
    number
        Its number in the set, from 1.
    label, pid
        Class id; the patient's number.
    width, height
        In pixels.
    lowest, highest
        Smallest and largest value of the original.
    lesion_pixels
        Pixels in the tumour mask.
    lesion_x, lesion_y
        Centre of gravity of the mask, as shares of width and height; 0 where it is empty.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = Field(gt=0)
    label: str
    pid: str
    width: int
    height: int
    lowest: int
    highest: int
    lesion_pixels: int
    lesion_x: float
    lesion_y: float

    @property
    def lesion_share(self) -> float:
        """Share of the slice that the tumour mask covers."""
        return self.lesion_pixels / (self.width * self.height)


_Records = TypeAdapter(tuple[SliceRecord, ...])


def save_records(records: Sequence[SliceRecord], path: Path) -> None:
    """Write the records of an archive that has been converted whole."""
    write_bytes(path, _Records.dump_json(tuple(records)))


def load_records(path: Path) -> tuple[SliceRecord, ...] | None:
    """Read them; None where the archive has not been converted, or the file is damaged."""
    try:
        return _Records.validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        # A damaged note costs converting the archive again, and nothing else.
        return None


def save_table(records: Iterable[SliceRecord], folds: Sequence[int], path: Path) -> None:
    """Write ``slices.csv``, from which the set's manifest is made.

    Parameters
    ----------
    folds
        Official fold of slice 1, 2, ….
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for r in sorted(records, key=lambda record: record.number):
        known = (r.number, _NUMBERS[r.label], r.pid, base_pid(r.pid), folds[r.number - 1])
        writer.writerow((*known, r.width, r.height, r.lowest, r.highest, r.lesion_pixels))
    write_text(path, text.getvalue())
