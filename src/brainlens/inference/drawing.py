"""Heat maps as pictures: alone in grey, and in colour over the slice."""

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from brainlens.imaging import Slice

LONGEST_SIDE: Final = 1024
"""Pixels; larger slices are drawn smaller, for their pictures travel inside an answer."""

_WINDOW: Final = (0.5, 99.5)
"""Percentiles of the slice that become black and white."""
_COLOURS: Final = ((60, 0, 110), (170, 20, 100), (235, 85, 40), (255, 175, 30), (255, 245, 140))
"""From cold to hot. Lightness only ever rises, so that order survives grey print and any eye."""
_OPACITY: Final = 0.6
"""Of the hottest place; the slice has to show through."""
_COMPRESSION: Final = 1
"""zlib's level: a tenth more bytes than the best, in a quarter of the time."""


def _ramp() -> bytes:
    """Return 256 colours, three bytes each."""
    places = np.linspace(0, 255, len(_COLOURS))
    channels = [np.interp(range(256), places, channel) for channel in zip(*_COLOURS, strict=True)]
    return _bytes(np.stack(channels, axis=1)).tobytes()


def _bytes(levels: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Round levels of 0 to 255."""
    rounded: NDArray[np.uint8] = np.rint(levels).astype(np.uint8)
    return rounded


_RAMP: Final = _ramp()
_OPACITIES: Final = [round(_OPACITY * level) for level in range(256)]


def drawn_size(slice_: Slice) -> tuple[int, int]:
    """Return (width, height) of the pictures of a slice: its own, at most `LONGEST_SIDE`."""
    longest = max(slice_.width, slice_.height)
    shrink = min(1.0, LONGEST_SIDE / longest)
    return max(1, round(slice_.width * shrink)), max(1, round(slice_.height * shrink))


def backdrop(slice_: Slice) -> NDArray[np.uint8]:
    """Return the slice as grey levels to look at, of `drawn_size`, uint8 [height, width]."""
    pixels = slice_.pixels.astype(np.float32)
    if (size := drawn_size(slice_)) != (slice_.width, slice_.height):
        pixels = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))
    low, high = np.percentile(pixels, _WINDOW).astype(np.float32)
    if high <= low:
        return np.zeros(pixels.shape, np.uint8)
    # Halved, so that the range of float32 values does not exceed float32.
    grey = (pixels / 2 - low / 2) / (high / 2 - low / 2)
    return _bytes(np.clip(grey, 0, 1) * 255)


def heat_levels(heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return a map in [0, 1] as grey levels."""
    return _bytes(255 * heat)


def overlay(grey: NDArray[np.uint8], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Lay a map over a slice.

    Parameters
    ----------
    grey
        The slice, shape [H, W].
    heat
        The map in [0, 1], same shape. Where it is 0 the slice stays as it is.

    Returns
    -------
    ndarray of uint8, shape [H, W, 3]
    """
    # Pillow does in bytes what would take NumPy five times as long in floats.
    colours = Image.fromarray(heat_levels(heat))
    opacity = colours.point(_OPACITIES)
    colours.putpalette(_RAMP)
    below = Image.fromarray(grey).convert("RGB")
    return np.asarray(Image.composite(colours.convert("RGB"), below, opacity))


def png(pixels: NDArray[np.uint8], label: str) -> bytes:
    """Return a picture as PNG, ``label`` written into the file as its description."""
    told = PngImagePlugin.PngInfo()
    told.add_itxt("Description", label)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=_COMPRESSION, pnginfo=told)
    return buffer.getvalue()
