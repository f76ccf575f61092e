"""Ghosting: copies of the head, laid over it at even distances, as from breathing or a pulse.

Every n-th line of k-space is weakened, which repeats the image n times along the phase-encoding
direction; the middle lines, which hold the image's overall brightness, are left alone.
"""

from typing import Final

import numpy as np

from brainlens.evaluation.robustness.grey import grey_values, with_grey_values
from brainlens.evaluation.robustness.k_space import along, to_image, to_lines
from brainlens.evaluation.robustness.perturbation import Perturbation
from brainlens.imaging import Slice

_GHOSTS: Final = (2, 6)
"""Fewest and most repetitions drawn."""
_MIDDLE: Final = 0.02
"""Share of the lines, in the middle, that are left alone."""


def _ghosted(slice_: Slice, grade: float, rng: np.random.Generator) -> Slice:
    axis = int(rng.integers(2))
    ghosts = int(rng.integers(_GHOSTS[0], _GHOSTS[1] + 1))
    lines = slice_.pixels.shape[axis]
    number = np.arange(lines) - lines // 2
    weak = (number % ghosts == 0) & (np.abs(number) > _MIDDLE / 2 * lines)
    strength = np.where(weak, 1 - grade, 1).astype(np.float32)
    received = to_lines(grey_values(slice_), axis) * along(strength, axis)
    return with_grey_values(slice_, to_image(received, axis))


GHOSTING = Perturbation(
    "ghosting", "share taken from every n-th line of k-space", (0.1, 0.25, 0.5, 0.75), _ghosted
)
