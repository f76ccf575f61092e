"""What a scanner adds: an uneven coil, noise, an arbitrary scale."""

import numpy as np
from numpy.typing import NDArray

from brainlens.datasets.phantom.canvas import Plane, smooth_noise


def scan(image: Plane, rng: np.random.Generator) -> Plane:
    """Return the picture as a scanner would give it, in [0, 1].

    A bias field of low order, Rician noise, contrast and scale vary from slice to slice.
    """
    size = image.shape[0]
    strength = np.float32(rng.uniform(0.05, 0.3))
    field = np.exp(strength * smooth_noise(rng.standard_normal((3, 3), dtype=np.float32), size))
    contrast = np.float32(rng.uniform(0.85, 1.25))
    signal = np.maximum(image, 0) ** contrast * field
    sigma = np.float32(rng.uniform(0.008, 0.04))
    noise = rng.standard_normal((2, size, size), dtype=np.float32) * sigma
    magnitude = np.hypot(signal + noise[0], noise[1])
    # The brightest few pixels set the scale, as they do in exports scaled by their maximum.
    scale = np.float32(rng.uniform(0.75, 1.05)) / np.partition(magnitude.ravel(), -20)[-20]
    scaled: Plane = np.clip(magnitude * scale, 0, 1)
    return scaled


def digitise(image: Plane, bits: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Round a picture in [0, 1] to all values of 8 or 16 bits."""
    if bits == 16:
        return np.round(image * np.float32(65535)).astype(np.uint16)
    return np.round(image * np.float32(255)).astype(np.uint8)
