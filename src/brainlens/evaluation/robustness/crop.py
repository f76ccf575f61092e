"""Crop: a part of each side cut away, at a place drawn at random; the lesion may go with it."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainlens.evaluation.robustness.perturbation import Perturbation
from brainlens.imaging import Slice


def _cropped(slice_: Slice, grade: float, rng: np.random.Generator) -> Slice:
    place = rng.random(2)
    kept = [max(1, round((1 - grade) * side)) for side in slice_.pixels.shape]
    top, left = (
        int(at * (side - length + 1))
        for at, side, length in zip(place, slice_.pixels.shape, kept, strict=True)
    )
    part: NDArray[Any] = slice_.pixels[top : top + kept[0], left : left + kept[1]]
    return replace(slice_, pixels=np.ascontiguousarray(part))


CROP = Perturbation("crop", "share of each side cut away", (0.05, 0.1, 0.2, 0.3), _cropped)
