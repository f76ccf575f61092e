"""Probabilities under another class mix."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def under_prior(probabilities: Array, shares: Array, calibrated: Array) -> Array:
    """Return the probabilities where classes are as frequent as ``shares`` says.

    Bayes' rule (Saerens et al., 2002): each probability is multiplied by how much more frequent its
    class is, and all are divided by their sum. It holds where the classes look alike in both places
    and only their frequencies differ.

    Parameters
    ----------
    probabilities
        ``float64`` [..., C], summing to 1; rows of NaN stay as they are.
    shares
        ``float64`` [C]: class mix where the model is used, above 0.
    calibrated
        ``float64`` [C]: class mix that ``probabilities`` hold for, above 0.
    """
    turned = probabilities * (shares / calibrated)
    return np.asarray(turned / turned.sum(axis=-1, keepdims=True), dtype=np.float64)
