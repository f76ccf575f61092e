"""Flips: a mirrored or upside-down export."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainlens.evaluation.robustness.perturbation import Perturbation
from brainlens.imaging import Slice

_AXES = {"left to right": (1,), "top to bottom": (0,), "both": (0, 1)}


def _flipped(slice_: Slice, grade: str, rng: np.random.Generator) -> Slice:
    flipped: NDArray[Any] = np.ascontiguousarray(np.flip(slice_.pixels, _AXES[grade]))
    return replace(slice_, pixels=flipped)


FLIP = Perturbation("flip", "direction", tuple(_AXES), _flipped)
