"""Skull stripping: all but the brain made dark.

The brain is estimated from grey values (`brainlens.evaluation.head.brain_mask`), so what is left is
what a rough tool would leave: a wide margin keeps the dura and the sella, none may cut into them.
"""

from dataclasses import replace

import numpy as np

from brainlens.evaluation.head import beyond, brain_mask
from brainlens.evaluation.robustness.perturbation import Perturbation
from brainlens.imaging import Slice


def _stripped(slice_: Slice, grade: float, rng: np.random.Generator) -> Slice:
    brain = brain_mask(slice_.pixels)
    diameter = 2 * float(np.sqrt(brain.sum() / np.pi))
    kept = beyond(brain, grade / 100 * diameter) if grade else brain
    pixels = slice_.pixels.copy()
    pixels[~kept] = pixels.min()
    return replace(slice_, pixels=pixels)


SKULL_STRIPPING = Perturbation(
    "skull stripping", "margin left, % of the brain's diameter", (10.0, 5.0, 0.0), _stripped
)
