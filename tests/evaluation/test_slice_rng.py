"""Chance of a slice: the same for the same pixels, purpose and seed, another for any other."""

import numpy as np

from brainlens.evaluation.slice_rng import slice_rng
from brainlens.imaging import Slice


def test_only_pixels_purpose_and_seed_decide() -> None:
    one = Slice(np.arange(12, dtype=np.uint8).reshape(3, 4), "png")
    same = Slice(one.pixels.copy(), "jpeg", frame=3)
    other = Slice(one.pixels[::-1].copy(), "png")
    first = slice_rng(one, "noise").random()
    assert slice_rng(same, "noise").random() == first
    draws = {
        first,
        slice_rng(other, "noise").random(),
        slice_rng(one, "motion").random(),
        slice_rng(one, "noise", seed=1).random(),
    }
    assert len(draws) == 4
