"""Prediction sets: the classes that an answer cannot rule out."""

import numpy as np
from numpy.typing import NDArray


def set_members(
    probabilities: NDArray[np.float64], least: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return which classes are in the set.

    The class of the largest probability always is: a set that leaves out what the answer says, or
    that is empty, would say nothing that a person could use. It makes sets larger, never wrong.

    Parameters
    ----------
    probabilities
        ``float64`` [..., C]; a row of NaN gives an empty set.
    least
        ``float64`` [C]: probability from which a class is in the set.

    Returns
    -------
    ndarray of bool, shape [..., C]
    """
    # Compared with the maximum rather than its position: equal probabilities are both the largest.
    top = probabilities == probabilities.max(axis=-1, keepdims=True)
    return np.asarray(top | (probabilities >= least), dtype=np.bool_)
