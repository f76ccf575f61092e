"""Noise has the moments of Rice's distribution."""

import numpy as np
import pytest

from brainlens.evaluation.robustness.noise import NOISE
from brainlens.imaging import Slice


def test_moments_are_those_of_rice_in_tissue_and_of_rayleigh_in_air() -> None:
    pixels = np.zeros((400, 400), np.float32)
    pixels[:200] = 100
    pixels[0, 0] = 1000  # so that nothing is clipped
    changed = NOISE.apply(Slice(pixels, "png"), 0.2, np.random.default_rng(0)).pixels.astype(float)
    sigma = 20.0
    tissue, air = changed[1:200], changed[200:]
    assert np.mean(tissue**2) == pytest.approx(100**2 + 2 * sigma**2, rel=0.01)
    assert air.mean() == pytest.approx(sigma * np.sqrt(np.pi / 2), rel=0.01)
    assert air.std() == pytest.approx(sigma * np.sqrt(2 - np.pi / 2), rel=0.02)
