"""Gamma is a power."""

import numpy as np

from brainlens.evaluation.robustness.gamma import GAMMA
from brainlens.imaging import Slice


def test_grey_values_are_raised_to_the_power() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    changed = GAMMA.apply(Slice(values, "png"), 2.0, np.random.default_rng(0)).pixels
    assert np.abs(changed - np.rint(values.astype(float) ** 2 / 255)).max() <= 1
    assert changed[0, 0] == 0
    assert changed[-1, -1] == 255
