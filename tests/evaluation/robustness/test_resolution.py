"""Resolution merges blocks of pixels."""

import numpy as np
import pytest

from brainlens.evaluation.robustness.resolution import RESOLUTION
from brainlens.imaging import Slice

from .drawn import head


def test_blocks_become_their_means_and_the_spacing_grows() -> None:
    slice_ = head(96, 112)
    changed = RESOLUTION.apply(slice_, 4.0, np.random.default_rng(0))
    means = slice_.pixels.reshape(24, 4, 28, 4).mean(axis=(1, 3))
    assert np.abs(changed.pixels - means).max() <= 0.51
    assert changed.spacing_mm == pytest.approx((2.0, 1.6))


def test_no_side_vanishes_and_an_unknown_spacing_stays_unknown() -> None:
    thin = Slice(np.full((1, 40), 9, np.uint8), "png")
    changed = RESOLUTION.apply(thin, 8.0, np.random.default_rng(0))
    assert changed.pixels.tolist() == [[9] * 5]
    assert changed.spacing_mm is None
