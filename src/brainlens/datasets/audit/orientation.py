"""The eight ways to lay a square down: mirrored or not, four quarter turns."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

COUNT: Final = 8
"""Orientations are the numbers 0 to 7: 4 stands for a transposition, which comes first, 2 for a
flip left to right, 1 for a flip top to bottom; 0 changes nothing."""


def oriented(image: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return a view of an image in an orientation.

    Parameters
    ----------
    image
        Shape [side, side].
    orientation
        0 to 7.
    """
    if orientation & 4:
        image = image.T
    if orientation & 2:
        image = image[:, ::-1]
    return image[::-1] if orientation & 1 else image


def undoing(orientation: int) -> NDArray[np.float64]:
    """Return the matrix that takes (x, y) from the middle of an oriented image to the original.

    Returns
    -------
    ndarray of float64, shape [2, 2]
    """
    flips = np.diag([-1.0 if orientation & 2 else 1.0, -1.0 if orientation & 1 else 1.0])
    return flips[::-1] if orientation & 4 else flips


def inverse(orientation: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return the orientations that undo others: a quarter turn the other way, else the same."""
    other_way = np.isin(orientation, (5, 6))
    return np.where(other_way, 11 - orientation, orientation).astype(np.int8)
