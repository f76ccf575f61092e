"""Padding: a dark border all around."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainlens.evaluation.robustness.perturbation import Perturbation
from brainlens.imaging import Slice


def _padded(slice_: Slice, grade: float, rng: np.random.Generator) -> Slice:
    width = max(1, round(grade * max(slice_.height, slice_.width)))
    dark = slice_.pixels.min()
    padded: NDArray[Any] = np.pad(slice_.pixels, width, constant_values=dark)
    return replace(slice_, pixels=padded)


PADDING = Perturbation(
    "padding", "border on every side, as a share of the longer side", (0.1, 0.25, 0.5, 1.0), _padded
)
