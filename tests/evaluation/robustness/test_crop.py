"""A crop is a window of the slice, anywhere in it."""

import numpy as np

from brainlens.evaluation.robustness.crop import CROP
from brainlens.imaging import Slice


def test_a_window_of_the_asked_size_from_every_corner() -> None:
    pixels = np.arange(20 * 30, dtype=np.uint16).reshape(20, 30)
    corners = set()
    for seed in range(400):
        part = CROP.apply(Slice(pixels, "png"), 0.1, np.random.default_rng(seed)).pixels
        top, left = divmod(int(part[0, 0]), 30)
        assert np.array_equal(part, pixels[top : top + 18, left : left + 27])
        corners.add((top, left))
    assert corners == {(top, left) for top in range(3) for left in range(4)}
