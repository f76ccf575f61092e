"""What a file says without its brain: size, mode, compression, border, where the head lies."""

import hashlib
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from brainlens.imaging.pillow_warnings import silenced
from brainlens.imaging.slice import Slice

_LOOKED_AT: Final = 256
"""Pixels a side at which border and head are measured; more would only cost time."""
_FOREGROUND: Final = 0.1
_SPECKS: Final = 0.02
"""Share of a row or column that must be foreground before it counts as head."""
_STANDARD_TABLE_SUM: Final = 3688
"""Sum of the luminance table in the JPEG standard's annex K, which stands for quality 50."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a classifier could learn from without looking at the brain.

    Attributes
    ----------
    format, mode
        Format by content; Pillow's name for the kind of pixels (``L``, ``RGB``, ``I;16``, …).
    width, height
        Of the upright image, in pixels.
    jpeg_quality
        Quality that the quantisation tables stand for, 1 to 100 (below 20 it reads too high, as
        their entries end at 255); 0 where not JPEG.
    jpeg_tables
        Name of the set of quantisation tables; empty where not JPEG.
    border
        Mean grey of the outermost pixels, 0 to 1 between the darkest and the brightest pixel.
    head_left, head_top, head_width, head_height
        Box around what is brighter than the background, as shares of width and height.
    """

    format: str
    mode: str
    width: int
    height: int
    jpeg_quality: int
    jpeg_tables: str
    border: float
    head_left: float
    head_top: float
    head_width: float
    head_height: float

    @property
    def aspect(self) -> float:
        """Width divided by height."""
        return self.width / self.height


def file_facts(data: bytes, slice_: Slice) -> FileFacts:
    """Return the facts of one file.

    Parameters
    ----------
    data
        The file's content.
    slice_
        What `brainlens.imaging.read` made of it, which has already held it to its limits.
    """
    mode, quality, tables = _header(data)
    step = max(1, max(slice_.height, slice_.width) // _LOOKED_AT)
    grey = slice_.pixels[::step, ::step].astype(np.float64)
    left, top, right, bottom = _head_box(grey)
    return FileFacts(
        format=slice_.format,
        mode=mode,
        width=slice_.width,
        height=slice_.height,
        jpeg_quality=quality,
        jpeg_tables=tables,
        border=_border(slice_),
        head_left=left,
        head_top=top,
        head_width=right - left,
        head_height=bottom - top,
    )


def _header(data: bytes) -> tuple[str, int, str]:
    """Return mode, JPEG quality and tables; nothing is decoded."""
    with silenced(), Image.open(BytesIO(data)) as image:
        if not isinstance(image, JpegImagePlugin.JpegImageFile):
            return image.mode, 0, ""
        tables = image.quantization
        name = hashlib.sha256(repr(sorted(tables.items())).encode()).hexdigest()[:8]
        return image.mode, _quality(sum(tables[min(tables)])), name


def _quality(table_sum: int) -> int:
    """Invert the rule by which the JPEG library scales its tables."""
    percent = 100 * table_sum / _STANDARD_TABLE_SUM
    quality = (200 - percent) / 2 if percent <= 100 else 5000 / percent
    return round(min(max(quality, 1), 100))


def _border(slice_: Slice) -> float:
    pixels = slice_.pixels
    edges = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    low, high = float(pixels.min()), float(pixels.max())
    return 0.0 if high <= low else (float(edges.mean()) - low) / (high - low)


def _head_box(grey: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Return (left, top, right, bottom) as shares; the whole image where nothing stands out."""
    low, high = float(grey.min()), float(np.quantile(grey, 0.99))
    bright = grey > low + _FOREGROUND * (high - low)
    columns = np.flatnonzero(bright.mean(axis=0) > _SPECKS)
    rows = np.flatnonzero(bright.mean(axis=1) > _SPECKS)
    if high <= low or not columns.size or not rows.size:
        return 0.0, 0.0, 1.0, 1.0
    height, width = grey.shape
    return (
        float(columns[0] / width),
        float(rows[0] / height),
        float((columns[-1] + 1) / width),
        float((rows[-1] + 1) / height),
    )
