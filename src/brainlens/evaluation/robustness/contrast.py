"""Contrast: grey values drawn apart or together about those of tissue."""

import numpy as np

from brainlens.evaluation.robustness.grey import grey_values, tissue_level, with_grey_values
from brainlens.evaluation.robustness.perturbation import Perturbation
from brainlens.imaging import Slice


def _stretched(slice_: Slice, grade: float, rng: np.random.Generator) -> Slice:
    values = grey_values(slice_)
    middle = np.float32(tissue_level(values))
    return with_grey_values(slice_, middle + np.float32(grade) * (values - middle))


CONTRAST = Perturbation(
    "contrast", "factor about the middle grey value of tissue", (0.5, 0.75, 1.5, 2.0), _stretched
)
