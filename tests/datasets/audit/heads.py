"""Synthetic heads, each of another patient, and changes that leave copies of them."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from brainlens.datasets.phantom import PhantomSet
from brainlens.datasets.phantom.generator import PAIR_SLICES
from brainlens.imaging.slice import Slice

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


@lru_cache(maxsize=64)
def head(patient: int) -> NDArray[np.uint8]:
    """Return a slice of a patient, 128 pixels wide; do not write into it."""
    return PhantomSet(7, 128).slice(patient * PAIR_SLICES).image.astype(np.uint8)


def as_slice(pixels: Pixels) -> Slice:
    return Slice(pixels.copy(), "png")


def _image(change: Callable[[Image.Image], Image.Image]) -> Callable[[Pixels], Pixels]:
    return lambda pixels: np.asarray(change(Image.fromarray(pixels)))


CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "nothing": lambda p: p,
    "enlarged": _image(lambda i: i.resize((300, 300), Image.Resampling.BICUBIC)),
    "reduced": _image(lambda i: i.resize((90, 90), Image.Resampling.BILINEAR)),
    "stretched": _image(lambda i: i.resize((160, 128), Image.Resampling.BILINEAR)),
    "darkened": _image(lambda i: ImageEnhance.Brightness(i).enhance(0.7)),
    "mirrored": lambda p: p[:, ::-1],
    "upside down": lambda p: p[::-1],
    "quarter turn": lambda p: np.rot90(p),
    "half turn": lambda p: np.rot90(p, 2),
    "mirrored quarter turn": lambda p: np.rot90(p[:, ::-1]),
    "turned": _image(lambda i: i.rotate(5, Image.Resampling.BICUBIC)),
    "cropped": lambda p: p[6:-4, 9:-2],
    "of 16 bits": lambda p: p.astype(np.uint16) * np.uint16(257),
}
