"""Ghosts lie at even distances along one axis and are as strong as they should be."""

import numpy as np
import pytest

from brainlens.evaluation.robustness.ghosting import GHOSTING
from brainlens.imaging import Slice

SIDE = 240


@pytest.mark.parametrize("seed", range(6))
def test_a_point_is_repeated_at_even_distances(seed: int) -> None:
    pixels = np.zeros((SIDE, SIDE), np.float32)
    pixels[20, 30] = 1
    changed = GHOSTING.apply(Slice(pixels, "png"), 0.5, np.random.default_rng(seed)).pixels
    rng = np.random.default_rng(seed)
    axis, ghosts = int(rng.integers(2)), int(rng.integers(2, 7))
    line = changed[:, 30] if axis == 0 else changed[20]
    places = ((20 if axis == 0 else 30) + np.arange(ghosts) * SIDE // ghosts) % SIDE
    # Weakening every n-th line by g takes g/n from the point and puts as much at each ghost; the
    # few lines in the middle that are left alone blur that a little.
    assert line[places[0]] == pytest.approx(1 - 0.5 / ghosts, abs=0.02)
    assert line[places[1:]] == pytest.approx(np.full(ghosts - 1, 0.5 / ghosts), abs=0.02)
    elsewhere = np.delete(line, places)
    assert elsewhere.max() < 0.02
    assert changed.sum() == pytest.approx(line.sum(), abs=1e-3)
