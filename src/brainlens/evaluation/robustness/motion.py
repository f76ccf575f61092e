"""Motion: a patient who moves while the lines of k-space are taken, one after the other.

As in Shaw et al. (2019), the head rests, moves at a few moments, and each stretch of lines sees it
in another place; the middle lines see it where it was, so the image as a whole stays in place.
"""

from typing import Final

import numpy as np
from PIL import Image

from brainlens.evaluation.robustness.grey import Grey, grey_values, with_grey_values
from brainlens.evaluation.robustness.k_space import along, to_image, to_lines
from brainlens.evaluation.robustness.perturbation import Perturbation
from brainlens.imaging import Slice

_MOVES: Final = 4
_STILL: Final = 0.1
"""Share of the lines, in the middle, that see the head at rest."""


def _moved(slice_: Slice, grade: float, rng: np.random.Generator) -> Slice:
    values = grey_values(slice_)
    axis = int(rng.integers(2))
    moments = np.sort(rng.random(_MOVES))
    poses = rng.uniform(-1, 1, (_MOVES, 3)) * grade
    lines = values.shape[axis]
    when = np.arange(lines) / lines
    stretch = np.searchsorted(moments, when, side="right")
    stretch[np.abs(when - 0.5) < _STILL / 2] = 0
    seen = np.zeros(values.shape, np.complex64)
    for number in np.unique(stretch):
        picture = _posed(values, *poses[number - 1]) if number else values
        seen += to_lines(picture, axis) * along((stretch == number).astype(np.float32), axis)
    return with_grey_values(slice_, to_image(seen, axis))


def _posed(values: Grey, turn: float, right: float, down: float) -> Grey:
    """Return the picture turned by degrees and shifted by per cent of its longer side."""
    side = max(values.shape) / 100
    moved = Image.fromarray(values).rotate(
        turn,
        Image.Resampling.BILINEAR,
        translate=(right * side, down * side),
        fillcolor=float(values.min()),
    )
    return np.asarray(moved, dtype=np.float32)


MOTION = Perturbation(
    "motion", "largest turn in degrees, and shift in % of the side", (1.0, 2.0, 4.0, 8.0), _moved
)
