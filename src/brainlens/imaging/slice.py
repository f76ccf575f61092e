"""What every reader returns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Slice:
    """One 2-D grey image and what is known of it.

    Attributes
    ----------
    pixels
        ``uint8``, ``uint16`` or ``float32``, shape [height, width], finite; upright (an EXIF
        orientation is applied), larger is brighter.
    format
        Format found by content: ``jpeg``, ``png``, ``tiff``, ``bmp``, ``webp``, ``gif``.
    colourful
        Whether the file had colour channels that differ: no MR slice has.
    colour_share
        Share of the pixels, in [0, 1], whose colour channels differ.
    frame
        Index of the frame in a file of several, else None.
    modality, plane
        Where the file says so, else None.
    spacing_mm
        (row, column) distance of pixel centres in millimetres, where the file says so.
    """

    pixels: Pixels
    format: str
    colourful: bool = False
    colour_share: float = 0.0
    frame: int | None = None
    modality: str | None = None
    plane: str | None = None
    spacing_mm: tuple[float, float] | None = None

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])
