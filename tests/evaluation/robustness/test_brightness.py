"""Brightness is an addition, clipped."""

import numpy as np

from brainlens.evaluation.robustness.brightness import BRIGHTNESS
from brainlens.imaging import Slice


def test_a_share_of_the_range_is_added() -> None:
    slice_ = Slice(np.array([[0, 100, 240]], np.uint8), "png")
    rng = np.random.default_rng(0)
    assert BRIGHTNESS.apply(slice_, 0.2, rng).pixels.tolist() == [[51, 151, 255]]
    assert BRIGHTNESS.apply(slice_, -0.2, rng).pixels.tolist() == [[0, 49, 189]]
