"""As what gates may meet slices: as they are, or changed as the network was trained to bear."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from brainlens.evaluation.robustness.crop import CROP
from brainlens.evaluation.robustness.resolution import RESOLUTION
from brainlens.evaluation.robustness.skull_stripping import SKULL_STRIPPING
from brainlens.imaging import Slice

Change = Callable[[Slice, np.random.Generator], Slice]


class View(NamedTuple):
    """Slices that are alike enough for one subspace.

    Attributes
    ----------
    unchanged
        Whether every slice is in it as it is.
    changes
        Each puts a copy of every slice into it.
    """

    unchanged: bool
    changes: tuple[Change, ...] = ()


def _stripped(slice_: Slice, rng: np.random.Generator) -> Slice:
    return SKULL_STRIPPING.apply(slice_, rng.uniform(0, 10), rng)


def _cropped(slice_: Slice, rng: np.random.Generator) -> Slice:
    return CROP.apply(slice_, rng.uniform(0, 0.25), rng)


def _coarser(slice_: Slice, rng: np.random.Generator) -> Slice:
    return RESOLUTION.apply(slice_, rng.uniform(1, 4), rng)


AS_THEY_ARE: Final = (View(unchanged=True),)
CHANGED_TOO: Final = (View(True, (_cropped, _coarser)), View(False, (_stripped,)))
"""For networks trained on slices cut, coarser and stripped of their skull. Stripped slices have a
view of their own: one subspace for both would be wide enough for much that is neither."""


def trained_on(preset: str) -> tuple[View, ...]:
    """Return as what slices a preset trains; slices as they are where it is not known to change."""
    return CHANGED_TOO if preset == "guided" else AS_THEY_ARE
