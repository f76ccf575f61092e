"""A drawn head for the tests of perturbations."""

import numpy as np
from numpy.typing import NDArray

from brainlens.imaging import Slice


def disc(height: int, width: int, radius: float) -> NDArray[np.bool_]:
    """Return a disc in the middle of an image."""
    rows, columns = np.mgrid[:height, :width]
    away = np.hypot(rows - (height - 1) / 2, columns - (width - 1) / 2)
    return np.asarray(away <= radius, dtype=np.bool_)


def head(height: int = 96, width: int = 112, kind: type[np.generic] = np.uint8) -> Slice:
    """Return a bright scalp, a dark skull and a textured grey brain, as shares of 255."""
    image = np.zeros((height, width))
    image[disc(height, width, 42)] = 230
    image[disc(height, width, 38)] = 12
    brain = disc(height, width, 34)
    image[brain] = np.random.default_rng(0).integers(90, 120, int(brain.sum()))
    image[30:40, 50:70] = 200
    scale = 200 if kind is np.uint16 else 1
    pixels: NDArray[np.uint8] = (image * scale).astype(kind)
    return Slice(pixels, "png", spacing_mm=(0.5, 0.4))
