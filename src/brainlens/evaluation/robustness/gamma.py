"""Gamma: grey values raised to a power, as displays and exports do."""

import numpy as np

from brainlens.evaluation.robustness.grey import grey_values, with_grey_values
from brainlens.evaluation.robustness.perturbation import Perturbation
from brainlens.imaging import Slice


def _raised(slice_: Slice, grade: float, rng: np.random.Generator) -> Slice:
    return with_grey_values(slice_, grey_values(slice_) ** np.float32(grade))


GAMMA = Perturbation("gamma", "exponent of the grey values", (0.5, 0.7, 1.5, 2.0), _raised)
