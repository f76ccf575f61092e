"""Brightness: the same amount added to every pixel, air included."""

import numpy as np

from brainlens.evaluation.robustness.grey import grey_values, with_grey_values
from brainlens.evaluation.robustness.perturbation import Perturbation
from brainlens.imaging import Slice


def _brighter(slice_: Slice, grade: float, rng: np.random.Generator) -> Slice:
    return with_grey_values(slice_, grey_values(slice_) + np.float32(grade))


BRIGHTNESS = Perturbation(
    "brightness", "share of the grey range added", (-0.2, -0.1, 0.1, 0.2), _brighter
)
