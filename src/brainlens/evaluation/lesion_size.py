"""How large the lesion of each slice is, by its mask."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from brainlens.datasets.manifest import Progress, Row
from brainlens.datasets.workers import worker_threads
from brainlens.errors import ImageError
from brainlens.imaging.read import read
from brainlens.imaging.slice import Slice


@dataclass(frozen=True)
class LesionSizes:
    """Lesion sizes of n slices.

    Attributes
    ----------
    values
        ``float64`` [n]: diameter of the disc of the lesion's area in millimetres, or the lesion's
        share of the image's area in [0, 1]; NaN where no lesion is outlined.
    unit
        ``mm`` where the distance of the pixels is known for every mask, else ``share``.
    unreadable
        Masks that could not be read, and why; their slices have no size.
    """

    values: NDArray[np.float64]
    unit: Literal["mm", "share"]
    unreadable: tuple[str, ...] = ()


def lesion_sizes(
    rows: Sequence[Row], *, spacing_mm: float | None = None, progress: Progress | None = None
) -> LesionSizes:
    """Measure the lesions of slices by their masks.

    Parameters
    ----------
    rows
        Slices, with or without masks. Mask pixels above half of the mask's largest value are
        lesion.
    spacing_mm
        Distance of pixel centres, in both directions, of masks whose files do not say it: JPEG and
        PNG never do. None where it is not known; one mask without makes all sizes shares, since
        two measures cannot be told apart in one table.
    progress
        Called with (masks read, masks).

    Raises
    ------
    StorageError
        If the file system refuses to read.
    """
    places = [index for index, row in enumerate(rows) if row.mask is not None]
    shares, diameters = np.full((2, len(rows)), np.nan)
    unreadable = []
    with worker_threads() as pool:
        found = pool.map(lambda index: _measured(rows[index], spacing_mm), places)
        for done, (index, measured) in enumerate(zip(places, found, strict=True), start=1):
            if isinstance(measured, ImageError):
                unreadable.append(f"{rows[index].mask}: {measured.message}")
            else:
                shares[index], diameters[index] = measured
            if progress is not None:
                progress(done, len(places))
    outlined = ~np.isnan(shares)
    in_mm = bool(outlined.any()) and not np.isnan(diameters[outlined]).any()
    return LesionSizes(
        values=diameters if in_mm else shares,
        unit="mm" if in_mm else "share",
        unreadable=tuple(unreadable),
    )


def _measured(row: Row, spacing_mm: float | None) -> tuple[float, float] | ImageError:
    """Return share of the area and diameter in mm; the error of a mask that is no image."""
    assert row.mask is not None  # noqa: S101 - only rows with masks are asked
    try:
        return _size(read(row.mask), spacing_mm)
    except ImageError as error:
        return error


def _size(mask: Slice, spacing_mm: float | None) -> tuple[float, float]:
    pixels = np.count_nonzero(mask.pixels > mask.pixels.max() / 2)
    if not pixels:
        return np.nan, np.nan
    share = pixels / mask.pixels.size
    spacing = mask.spacing_mm or (spacing_mm and (spacing_mm, spacing_mm))
    if not spacing:
        return share, np.nan
    return share, 2 * float(np.sqrt(pixels * spacing[0] * spacing[1] / np.pi))
