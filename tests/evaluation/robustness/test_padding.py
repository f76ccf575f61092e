"""Padding surrounds the slice with its darkest value."""

import numpy as np

from brainlens.evaluation.robustness.padding import PADDING
from brainlens.imaging import Slice


def test_the_slice_lies_in_the_middle_of_a_dark_border() -> None:
    pixels = np.random.default_rng(0).integers(5, 90, (8, 20)).astype(np.uint8)
    padded = PADDING.apply(Slice(pixels, "png"), 0.25, np.random.default_rng(0)).pixels
    assert padded.shape == (18, 30)
    assert np.array_equal(padded[5:-5, 5:-5], pixels)
    padded[5:-5, 5:-5] = pixels.min()
    assert (padded == pixels.min()).all()
