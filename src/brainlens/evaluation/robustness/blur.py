"""Blur: a Gaussian."""

import numpy as np
from scipy import ndimage

from brainlens.evaluation.robustness.grey import grey_values, with_grey_values
from brainlens.evaluation.robustness.perturbation import Perturbation
from brainlens.imaging import Slice


def _blurred(slice_: Slice, grade: float, rng: np.random.Generator) -> Slice:
    sigma = grade / 100 * max(slice_.height, slice_.width)
    return with_grey_values(slice_, ndimage.gaussian_filter(grey_values(slice_), sigma))


BLUR = Perturbation(
    "blur", "standard deviation, % of the longer side", (0.25, 0.5, 1.0, 2.0), _blurred
)
