"""The originals of the Cheng set: MATLAB v7.3 files, which are HDF5."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import h5py
import numpy as np
from numpy.typing import NDArray

from brainlens.datasets.cheng import CHENG_LABELS
from brainlens.errors import DataError

_DEEPEST: Final = 65535
_STRUCT: Final = "cjdata"


@dataclass(frozen=True)
class MatlabSlice:
    """One slice as the authors published it.

    Attributes
    ----------
    pixels
        ``uint16`` [height, width]. The original's values, moved up by ``-lowest`` where that is
        below zero.
    lowest, highest
        Smallest and largest value of the original.
    mask
        ``bool`` [height, width], true in the tumour.
    label
        Class id.
    pid
        The patient's number, a pseudonym.
    """

    pixels: NDArray[np.uint16]
    lowest: int
    highest: int
    mask: NDArray[np.bool_]
    label: str
    pid: str


def read_slice(data: bytes, name: str) -> MatlabSlice:
    """Read one ``N.mat``.

    Parameters
    ----------
    data
        Content of the file.
    name
        What to call it in errors.

    Raises
    ------
    DataError
        If it is not such a file.
    """
    fields = _read(data, name, _STRUCT, ("image", "label", "PID", "tumorMask"))
    try:
        return _slice(fields)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise DataError(
            f"{name} is not a slice of the Cheng data set: {error}.",
            hint="Its archive may have been made anew; fetch the original.",
        ) from error


def read_folds(data: bytes, name: str) -> tuple[int, ...]:
    """Return the official fold of each slice, from ``cvind.mat``; the first is of slice 1.

    Raises
    ------
    DataError
        If it is not such a file.
    """
    values = _read(data, name, "", ("cvind",))["cvind"]
    if values.dtype.kind not in "iuf" or not np.array_equal(values, np.round(values)):
        raise DataError(f"{name} does not hold folds: they are no whole numbers.")
    return tuple(int(value) for value in values.ravel())


def _read(data: bytes, name: str, group: str, fields: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """Read arrays; links that lead out of the file are not followed."""
    try:
        with h5py.File(BytesIO(data), "r") as file:
            holder = _own(file, group) if group else file
            return {field: np.asarray(_own(holder, field)[()]) for field in fields}
    # A damaged HDF5 file makes the library raise nearly anything.
    except Exception as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(
            f"{name} is not a MATLAB v7.3 file with {', '.join(fields)}: {first}.",
            hint="Its archive may have been made anew; fetch the original.",
        ) from error


def _own(holder: Any, name: str) -> Any:
    if not isinstance(holder.get(name, getlink=True), h5py.HardLink):
        raise KeyError(f"{name} lies in another file")
    return holder[name]


def _slice(fields: dict[str, NDArray[Any]]) -> MatlabSlice:
    # MATLAB stores columns first: read row by row, its arrays come out transposed.
    values, mask = fields["image"].T, fields["tumorMask"].T
    if values.ndim != 2 or values.dtype.kind not in "iu" or values.size == 0:
        raise ValueError(f"the image is {values.dtype} of shape {values.shape}")
    if mask.shape != values.shape:
        raise ValueError(f"mask {mask.shape} and image {values.shape} differ in shape")
    lowest, highest = int(values.min()), int(values.max())
    shift = min(lowest, 0)
    if highest - shift > _DEEPEST:
        raise ValueError(f"values from {lowest} to {highest} do not fit into 16 bits")
    pid = "".join(chr(int(code)) for code in fields["PID"].ravel()).strip()
    if not (pid.isascii() and pid.isalnum()):
        raise ValueError(f"the patient's number is {pid!r}")
    label = int(fields["label"].item())
    if label not in CHENG_LABELS:
        raise ValueError(f"the label is {label}")
    return MatlabSlice(
        pixels=np.ascontiguousarray(values.astype(np.int64) - shift, dtype=np.uint16),
        lowest=lowest,
        highest=highest,
        mask=np.ascontiguousarray(mask != 0),
        label=CHENG_LABELS[label],
        pid=pid,
    )
