"""Motion: none leaves the picture, some leaves it in its place, more spoils it more."""

import numpy as np
import pytest

from brainlens.evaluation.robustness.motion import MOTION, _posed
from brainlens.imaging import Slice

from .drawn import head


def test_without_movement_nothing_changes() -> None:
    still = MOTION.apply(head(), 0.0, np.random.default_rng(3)).pixels
    assert np.abs(still.astype(int) - head().pixels).max() <= 1


@pytest.mark.parametrize("seed", range(4))
def test_more_movement_spoils_more_and_the_head_stays_in_its_place(seed: int) -> None:
    slice_ = head(96, 112)
    plain = slice_.pixels.astype(float)
    errors = []
    for grade in MOTION.grades:
        changed = MOTION.apply(slice_, grade, np.random.default_rng(seed)).pixels.astype(float)
        errors.append(np.abs(changed - plain).mean())
        rows, columns = np.indices(plain.shape)
        for at in (rows, columns):
            middle = (changed * at).sum() / changed.sum()
            assert middle == pytest.approx((plain * at).sum() / plain.sum(), abs=4)
    assert errors == sorted(errors)


def test_a_pose_shifts_by_per_cent_of_the_longer_side() -> None:
    pixels = np.zeros((50, 100), np.float32)
    pixels[20, 40] = 1
    moved = _posed(pixels, 0, 3, -2)
    assert int(moved.argmax()) == 18 * 100 + 43
    assert isinstance(MOTION.apply(Slice(pixels, "png"), 1.0, np.random.default_rng(0)), Slice)
