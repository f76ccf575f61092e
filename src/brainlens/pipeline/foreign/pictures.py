"""Images to try a model on: nobody's, yet like the ones it will be asked about."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from brainlens.datasets.phantom import PhantomSet

HEADS: Final = 6
NOISES: Final = 2


def pictures(size: int) -> NDArray[np.float32]:
    """Return drawn heads and noise as grey values in [0, 1], shape [8, 1, size, size]."""
    heads = PhantomSet(seed=0, size=size)
    # Of six patients, two a kind of lesion: five slices on is somebody else.
    levels: list[NDArray[Any]] = [heads.slice(5 * number).image for number in range(HEADS)]
    rng = np.random.default_rng(0)
    levels += [rng.integers(0, 256, (size, size), dtype=np.uint8) for _ in range(NOISES)]
    grey: NDArray[np.float32] = (np.stack(levels)[:, np.newaxis] / 255).astype(np.float32)
    return grey
