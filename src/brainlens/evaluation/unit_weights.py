"""Weights by which every patient counts alike, however many slices it has."""

import numpy as np
from numpy.typing import NDArray


def unit_weights(unit: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the weight of each slice: 1 for every unit, shared by the unit's slices.

    Parameters
    ----------
    unit
        ``int64`` [n]: number of the unit (patient, where it is known) that a slice belongs to.

    Returns
    -------
    ndarray of float64, shape [n]
        Above 0, summing to the number of units.
    """
    _, position, sizes = np.unique(unit, return_inverse=True, return_counts=True)
    weights: NDArray[np.float64] = 1.0 / sizes[position]
    return weights


def class_mix(
    truth: NDArray[np.int64], unit: NDArray[np.int64], n_classes: int
) -> NDArray[np.float64]:
    """Return the share of each class [C], every patient counted alike; summing to 1.

    Parameters
    ----------
    truth
        ``int64`` [n], n ≥ 1: index of the true class.
    unit
        ``int64`` [n]: number of the unit that a slice belongs to.
    n_classes
        C.
    """
    weights = unit_weights(unit)
    sums = np.bincount(truth, weights=weights, minlength=n_classes)
    return np.asarray(sums / weights.sum(), dtype=np.float64)
