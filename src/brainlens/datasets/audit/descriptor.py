"""What an image looks like from afar, in 128 bytes."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from brainlens.datasets.audit.orientation import COUNT
from brainlens.imaging.preprocess import quantise
from brainlens.imaging.slice import Pixels, Slice
from brainlens.imaging.spec import PreprocessSpec

SIDE: Final = 96
"""Width and height of a thumbnail."""
FRAMES: Final = 2
"""A descriptor is taken twice: of the whole image, and of the frame of the head."""
LENGTH: Final = 64
"""Numbers in either part of a descriptor."""

_SPEC: Final = PreprocessSpec(size=SIDE)
_FREQUENCIES: Final = 8
_SAMPLES: Final = 32
_DARK, _BRIGHT = 17.0, 33.0
"""Grey levels between which a pixel passes from background to head."""
_REACH: Final = 2.0
"""Half the side of the head's frame, in standard deviations of the head's pixels."""
_WINDOW: Final = 0.6
"""Standard deviation of the window on the head's frame, in halves of its side: what a crop cuts
off lies where the window is low."""

Thumbnail = NDArray[np.uint8]


def thumbnail(slice_: Slice) -> Thumbnail:
    """Return a slice squeezed into a small square, its contrast normalised.

    The sides are stretched to the same length, unlike for a network: a crop changes the aspect,
    and padding would be taken for content.

    Returns
    -------
    ndarray of uint8, shape [SIDE, SIDE]
        All 0 where the slice is constant.
    """
    smaller = min(slice_.height, slice_.width) < SIDE
    # Averaging over areas is right for reducing only.
    filter_ = cv2.INTER_LINEAR if smaller else cv2.INTER_AREA
    small = cv2.resize(slice_.pixels, (SIDE, SIDE), interpolation=filter_)
    return quantise(Slice(cast(Pixels, small), slice_.format), _SPEC)


@dataclass(frozen=True, slots=True)
class HeadFrame:
    """Where the head lies in an image, in units of the image's sides.

    Attributes
    ----------
    x, y
        Its centre of mass.
    width, height
        Its extent: standard deviations, drawn half-way towards their common mean.
    """

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def of(cls, image: Thumbnail) -> "HeadFrame":
        """Find the head of an image that is not blank."""
        head = np.clip((image.astype(np.float32) - _DARK) / (_BRIGHT - _DARK), 0, 1)
        # All of an image whose brightest pixels are dark counts, rather than nothing.
        total = float(head.sum())
        if total <= 0:
            return cls(0.5, 0.5, 0.25, 0.25)
        place = (np.arange(image.shape[0]) + 0.5) / image.shape[0]
        across, down = head.sum(axis=0) / total, head.sum(axis=1) / total
        x, y = float(across @ place), float(down @ place)
        least = 0.5 / image.shape[0]
        width = max(float(np.sqrt(across @ (place - x) ** 2)), least)
        height = max(float(np.sqrt(down @ (place - y) ** 2)), least)
        both = np.sqrt(width * height)
        return cls(x, y, float(np.sqrt(width * both)), float(np.sqrt(height * both)))


def describe(image: Thumbnail) -> NDArray[np.int8]:
    """Return the descriptor of a thumbnail.

    Both parts are the lowest coefficients of a two-dimensional discrete cosine transform, brought
    to length 127. They change little when an image is turned by a few degrees; the part of the
    head's frame changes little when it is cropped, too.

    Returns
    -------
    ndarray of int8, shape [FRAMES, LENGTH]
        All 0 where the part is.
    """
    small = cv2.resize(image, (_SAMPLES, _SAMPLES), interpolation=cv2.INTER_AREA)
    whole = _spectrum(np.asarray(small, np.float32))
    # The mean says nothing but how bright it is.
    whole[0, 0] = 0
    parts = np.stack([whole, _spectrum(_head(image))]).reshape(FRAMES, LENGTH)
    length = np.linalg.norm(parts, axis=1, keepdims=True)
    unit = np.divide(parts, length, out=np.zeros_like(parts), where=length > 0)
    scaled: NDArray[np.float32] = np.rint(unit * 127)
    return scaled.astype(np.int8)


def orientations(descriptors: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return the descriptors of all orientations of images.

    Parameters
    ----------
    descriptors
        Of images, shape [n, LENGTH].

    Returns
    -------
    ndarray of int8, shape [8, n, LENGTH]
        Without a look at the images: a flip changes the sign of odd coefficients, a transposition
        transposes them.
    """
    square = descriptors.reshape(-1, _FREQUENCIES, _FREQUENCIES)
    signs = np.where(np.arange(_FREQUENCIES) % 2, -1, 1).astype(np.int8)
    turned = np.empty((COUNT, *square.shape), np.int8)
    for orientation in range(COUNT):
        laid = square.swapaxes(1, 2) if orientation & 4 else square
        laid = laid * signs[np.newaxis, np.newaxis, :] if orientation & 2 else laid
        turned[orientation] = laid * signs[np.newaxis, :, np.newaxis] if orientation & 1 else laid
    return turned.reshape(COUNT, -1, LENGTH)


def _head(image: Thumbnail) -> NDArray[np.float32]:
    """Sample the frame of the head through its window."""
    frame = HeadFrame.of(image)
    steps = [2 * _REACH * side * image.shape[0] / _SAMPLES for side in (frame.width, frame.height)]
    corner = [
        middle * image.shape[0] - 0.5 - step * (_SAMPLES - 1) / 2
        for middle, step in zip((frame.x, frame.y), steps, strict=True)
    ]
    matrix = np.array([[steps[0], 0, corner[0]], [0, steps[1], corner[1]]])
    width, height = (max(round(step), 1) for step in steps)
    sampled = cv2.warpAffine(
        cv2.blur(image, (width, height)).astype(np.float32),
        matrix,
        (_SAMPLES, _SAMPLES),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    window = _window()
    mean = (sampled * window).sum() / window.sum()
    seen: NDArray[np.float32] = ((sampled - mean) * window).astype(np.float32)
    return seen


def _spectrum(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    cosines = _cosines()
    return (cosines @ samples @ cosines.T).astype(np.float32)


@lru_cache(maxsize=1)
def _window() -> NDArray[np.float32]:
    place = (np.arange(_SAMPLES, dtype=np.float32) + 0.5) / _SAMPLES * 2 - 1
    bell = np.exp(-(place**2) / (2 * _WINDOW**2))
    window: NDArray[np.float32] = np.outer(bell, bell).astype(np.float32)
    return window


@lru_cache(maxsize=1)
def _cosines() -> NDArray[np.float32]:
    frequency = np.arange(_FREQUENCIES)[:, np.newaxis]
    waves = np.cos(np.pi * frequency * (2 * np.arange(_SAMPLES) + 1) / (2 * _SAMPLES))
    # So that every row has the same length.
    waves[0] /= np.sqrt(2)
    cosines: NDArray[np.float32] = waves.astype(np.float32)
    return cosines
