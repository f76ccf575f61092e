"""Noise as magnitude images have it: Rician (Gudbjartsson and Patz, 1995)."""

import numpy as np

from brainlens.evaluation.robustness.grey import grey_values, tissue_level, with_grey_values
from brainlens.evaluation.robustness.perturbation import Perturbation
from brainlens.imaging import Slice


def _noisy(slice_: Slice, grade: float, rng: np.random.Generator) -> Slice:
    values = grey_values(slice_)
    sigma = np.float32(grade * tissue_level(values))
    real, imaginary = rng.standard_normal((2, *values.shape), dtype=np.float32)
    return with_grey_values(slice_, np.hypot(values + sigma * real, sigma * imaginary))


NOISE = Perturbation(
    "noise",
    "spread, as a share of the middle grey value of tissue",
    (0.05, 0.1, 0.2, 0.4),
    _noisy,
)
