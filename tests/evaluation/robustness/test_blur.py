"""Blur spreads a point as far as it says."""

import numpy as np
import pytest

from brainlens.evaluation.robustness.blur import BLUR
from brainlens.imaging import Slice


def test_a_point_becomes_a_gaussian_of_that_width() -> None:
    pixels = np.zeros((101, 200), np.float32)
    pixels[50, 100] = 1
    changed = BLUR.apply(Slice(pixels, "png"), 2.0, np.random.default_rng(0)).pixels.astype(float)
    assert changed.sum() == pytest.approx(1, abs=1e-4)
    columns = np.arange(200)
    variance = (changed.sum(axis=0) * (columns - 100) ** 2).sum()
    assert np.sqrt(variance) == pytest.approx(0.02 * 200, rel=0.01)
