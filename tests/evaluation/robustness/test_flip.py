"""Flips are NumPy's."""

import numpy as np

from brainlens.evaluation.robustness.flip import FLIP
from brainlens.imaging import Slice


def test_each_direction_is_what_it_says() -> None:
    slice_ = Slice(np.arange(12, dtype=np.uint8).reshape(3, 4), "png")
    rng = np.random.default_rng(0)
    found = {grade: FLIP.apply(slice_, grade, rng).pixels for grade in FLIP.grades}
    assert np.array_equal(found["left to right"], np.fliplr(slice_.pixels))
    assert np.array_equal(found["top to bottom"], np.flipud(slice_.pixels))
    assert np.array_equal(found["both"], np.rot90(slice_.pixels, 2))
