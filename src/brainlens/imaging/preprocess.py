"""Decoded pixels to network input: the one definition that all of BrainLens uses."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from brainlens.imaging.head_box import Box, head_box, whole
from brainlens.imaging.slice import Pixels, Slice
from brainlens.imaging.spec import PreprocessSpec

_BRIGHT: Final = 99.9
"""Percentile that stands for a slice's brightest tissue when its foreground is sought."""
_TIE: Final = 1e-6
"""A pixel this close above the foreground's threshold, as a share of the range, is not foreground:
else the rounding of a rescaled copy would move pixels that lie on it from one side to the other."""
_CHUNK: Final = 1 << 20

Count = NDArray[np.int64]


def quantise(slice_: Slice, spec: PreprocessSpec) -> NDArray[np.uint8]:
    """Apply steps 1 to 5 of the specification: intensity, cut, padding, resizing, rounding.

    A percentile q of n pixels is the smallest value that at least q per cent of them do not
    exceed (NumPy's ``inverted_cdf``): always a value of the slice, the same from a histogram as
    from the pixels. A slice whose two percentiles coincide becomes 0 all over.

    Parameters
    ----------
    slice_
        Pixels of any supported depth.
    spec
        The specification.

    Returns
    -------
    ndarray of uint8, shape [size, size]
        0 to 255.
    """
    scaled = _scale(slice_.pixels, spec)
    square = resize_padded(scaled, _kept(scaled, spec), spec.size)
    levels: NDArray[np.float32] = np.rint(square * np.float32(spec.levels - 1))
    return np.clip(levels, 0, spec.levels - 1).astype(np.uint8)


def standardise(quantised: NDArray[np.uint8], spec: PreprocessSpec) -> NDArray[np.float32]:
    """Apply step 6 of the specification: grey levels to the network's numbers.

    Parameters
    ----------
    quantised
        Grey levels of `quantise`, of any shape.
    spec
        The specification.

    Returns
    -------
    ndarray of float32
        ``(levels / (spec.levels - 1) - mean) / std``, of the same shape.
    """
    grey = np.arange(spec.levels, dtype=np.float64) / (spec.levels - 1)
    table = ((grey - spec.mean) / spec.std).astype(np.float32)
    return table[quantised]


def preprocess(slice_: Slice, spec: PreprocessSpec) -> NDArray[np.float32]:
    """Turn a slice into the network's input.

    Returns
    -------
    ndarray of float32, shape [1, size, size]
        ``standardise(quantise(slice_, spec), spec)`` with an axis for the one channel.
    """
    return standardise(quantise(slice_, spec), spec)[np.newaxis]


def kept_box(slice_: Slice, spec: PreprocessSpec) -> Box:
    """Return the part of a slice that `quantise` shows the network."""
    if spec.crop == "none":
        return whole(slice_.height, slice_.width)
    return _kept(_scale(slice_.pixels, spec), spec)


def _kept(scaled: NDArray[np.float32], spec: PreprocessSpec) -> Box:
    return head_box(scaled) if spec.crop == "head" else whole(*scaled.shape)


def _scale(pixels: Pixels, spec: PreprocessSpec) -> NDArray[np.float32]:
    """Map grey values to [0, 1]."""
    if pixels.dtype.kind == "f":
        low, high = _float_window(pixels.ravel(), spec)
        return _map(pixels, low, high)
    low, high = _integer_window(pixels, spec)
    table = _map(np.arange(_largest(pixels) + 1), low, high)
    # The same as table[pixels] in half the time.
    return table.take(pixels)  # type: ignore[arg-type]  # whole numbers, as the caller asked


def _largest(pixels: Pixels) -> int:
    return 255 if pixels.dtype == np.uint8 else 65535


def _map(values: NDArray[np.generic], low: float, high: float) -> NDArray[np.float32]:
    if high <= low:
        return np.zeros(values.shape, np.float32)
    # In double precision: the range of float32 values may itself exceed float32.
    scaled = (values.astype(np.float64) - low) / (high - low)
    return np.clip(scaled, 0, 1, out=scaled).astype(np.float32)


def _rank(n: int, percentile: float) -> int:
    """Return how many of ``n`` sorted values a percentile takes in, at least one."""
    return min(max(math.ceil(n * percentile / 100), 1), n)


def _integer_window(pixels: Pixels, spec: PreprocessSpec) -> tuple[float, float]:
    """Return the values that become 0 and 1, from a histogram."""
    if spec.intensity == "full_range":
        return 0.0, float(_largest(pixels))
    at_most = np.cumsum(_histogram(pixels))

    def value(rank: int) -> int:
        return int(np.searchsorted(at_most, rank))

    threshold = _threshold(value(1), value(_rank(pixels.size, _BRIGHT)), spec)
    outside = int(at_most[math.floor(threshold)])
    if outside == pixels.size:
        return 0.0, 0.0
    high = value(outside + _rank(pixels.size - outside, spec.high_percentile))
    return float(value(_rank(pixels.size, spec.low_percentile))), float(high)


def _float_window(values: Pixels, spec: PreprocessSpec) -> tuple[float, float]:
    """Return the values that become 0 and 1, from the pixels themselves."""
    if spec.intensity == "full_range":
        return 0.0, float(values.max())

    def value(of: Pixels, percentile: float) -> float:
        index = _rank(of.size, percentile) - 1
        return float(np.partition(of, index)[index])

    threshold = _threshold(float(values.min()), value(values, _BRIGHT), spec)
    foreground = values[values > threshold]
    if foreground.size == 0:
        return 0.0, 0.0
    return value(values, spec.low_percentile), value(foreground, spec.high_percentile)


def _threshold(lowest: float, bright: float, spec: PreprocessSpec) -> float:
    return lowest + (spec.foreground + _TIE) * (bright - lowest)


def _histogram(pixels: Pixels) -> Count:
    if pixels.dtype == np.uint8:
        # Pillow counts bytes as they lie; bincount would first make each of them eight.
        return np.asarray(Image.fromarray(pixels).histogram(), dtype=np.int64)
    counts = np.zeros(65536, dtype=np.int64)
    flat = pixels.ravel()
    for start in range(0, flat.size, _CHUNK):
        counts += np.bincount(flat[start : start + _CHUNK], minlength=65536)
    return counts


def resize_padded(scaled: NDArray[np.float32], kept: Box, size: int) -> NDArray[np.float32]:
    """Pad the part that is kept to a square with 0 and resize it to ``size``.

    The filter is separable, so the longer side is reduced first and only what remains is padded: a
    strip of 16 000 by 1 pixels never becomes a square of 16 000 by 16 000.
    """
    scaled = scaled[kept.top : kept.top + kept.height, kept.left : kept.left + kept.width]
    height, width = scaled.shape
    side = max(height, width)
    if height < side:
        reduced = _resize(scaled, size, height)
        padded = np.zeros((side, size), np.float32)
        top = (side - height) // 2
        padded[top : top + height] = reduced
        return _resize(padded, size, size)
    if width < side:
        reduced = _resize(scaled, width, size)
        padded = np.zeros((size, side), np.float32)
        left = (side - width) // 2
        padded[:, left : left + width] = reduced
        return _resize(padded, size, size)
    return _resize(scaled, size, size)


def _resize(image: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    # Pillow's "bilinear" widens its triangle with the reduction, which is what antialiases.
    resized = Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.float32)
