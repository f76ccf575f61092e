"""Rotation by a right angle is exact; it goes to both sides."""

import numpy as np

from brainlens.evaluation.robustness.rotation import ROTATION
from brainlens.imaging import Slice


def test_right_angles_are_exact_and_both_directions_occur() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 20)).astype(np.uint8)
    found = set()
    for seed in range(12):
        changed = ROTATION.apply(Slice(pixels, "png"), 90.0, np.random.default_rng(seed)).pixels
        found |= {turns for turns in range(4) if np.array_equal(changed, np.rot90(pixels, turns))}
    assert found == {1, 3}


def test_corners_that_come_into_view_are_as_dark_as_the_darkest_pixel() -> None:
    pixels = np.full((30, 30), 80, np.uint8)
    pixels[15, 15] = 7
    changed = ROTATION.apply(Slice(pixels, "png"), 45.0, np.random.default_rng(0)).pixels
    assert changed[0, 0] == changed[-1, -1] == 7
