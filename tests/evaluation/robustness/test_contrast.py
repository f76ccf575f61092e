"""Contrast is a factor about the tissue's median."""

import numpy as np

from brainlens.evaluation.robustness.contrast import CONTRAST
from brainlens.imaging import Slice


def test_grey_values_move_from_or_to_the_tissues_median() -> None:
    slice_ = Slice(np.array([[0, 80, 100, 100, 150]], np.uint8), "png")
    rng = np.random.default_rng(0)
    assert CONTRAST.apply(slice_, 2.0, rng).pixels.tolist() == [[0, 60, 100, 100, 200]]
    assert CONTRAST.apply(slice_, 0.5, rng).pixels.tolist() == [[50, 90, 100, 100, 125]]
