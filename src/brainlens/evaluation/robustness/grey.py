"""A slice's grey values as shares of its range, and back."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from brainlens.imaging import Slice

Grey = NDArray[np.float32]

_AIR: Final = 0.1
"""Share of the brightest tissue above which a pixel is tissue."""
_SIDE: Final = 256
"""Pixels a side that are enough to find a median."""


def grey_values(slice_: Slice) -> Grey:
    """Return the pixels as shares of the slice's range, float32 in [0, 1].

    The range of 8-bit pixels is 0 to 255. Others seldom fill the range of their type: theirs ends
    at the slice's own largest value, and begins at 0 or, where that is negative, at its smallest.
    """
    low, high = _range(slice_)
    return (slice_.pixels.astype(np.float32) - np.float32(low)) / np.float32(high - low)


def with_grey_values(slice_: Slice, values: Grey) -> Slice:
    """Return the slice with other grey values, of its own pixel type and range.

    Parameters
    ----------
    slice_
        Whose range the values are shares of.
    values
        Of any shape; what lies outside [0, 1] is clipped, as a file's range clips it.
    """
    low, high = _range(slice_)
    wide = np.clip(values, 0, 1) * np.float32(high - low) + np.float32(low)
    if slice_.pixels.dtype.kind != "f":
        wide = np.rint(wide)
    pixels: NDArray[Any] = wide.astype(slice_.pixels.dtype)
    return replace(slice_, pixels=pixels)


def tissue_level(values: Grey) -> float:
    """Return the median grey value of what is brighter than air; 0 for a black slice.

    Of large images only every n-th pixel is looked at.
    """
    step = max(1, max(values.shape) // _SIDE)
    few = values[::step, ::step]
    tissue = few[few > _AIR * float(np.percentile(few, 99))]
    return float(np.median(tissue)) if tissue.size else 0.0


def _range(slice_: Slice) -> tuple[float, float]:
    if slice_.pixels.dtype == np.uint8:
        return 0.0, 255.0
    low, high = min(0.0, float(slice_.pixels.min())), float(slice_.pixels.max())
    return (low, high) if high > low else (low, low + 1.0)
