"""A patient's slices combined into one answer.

The probabilities of a patient's slices are averaged, each slice counting alike, and the class of
the largest mean is the patient's (the sum rule of Kittler et al. 1998). It is an answer about
slices that somebody chose because they show a tumour, not about an examination: nobody has to find
the tumour first.
"""

import numpy as np
from numpy.typing import NDArray

from brainlens.evaluation.scores import Scores


def of_several_classes(scores: Scores) -> NDArray[np.bool_]:
    """Return for each slice [n] whether its unit has slices of another true class too.

    Such a patient has no one class that an answer could be right about.
    """
    if not len(scores):
        return np.zeros(0, dtype=np.bool_)
    lowest = np.full(int(scores.unit.max()) + 1, scores.n_classes)
    np.minimum.at(lowest, scores.unit, scores.truth)
    highest = np.zeros_like(lowest)
    np.maximum.at(highest, scores.unit, scores.truth)
    return np.asarray((lowest < highest)[scores.unit], dtype=np.bool_)


def patient_scores(scores: Scores, threshold: float) -> Scores:
    """Return the scores with one row a unit, in the order of the units' numbers.

    Parameters
    ----------
    scores
        Slices with calibrated probabilities; each unit's of one true class.
    threshold
        Confidence in [0, 1] at or above which the combined answer counts as confident; the
        bundle's.

    Returns
    -------
    Scores
        Rejected slices have no probabilities and add nothing to the mean; a patient is rejected
        where all slices are.

    Raises
    ------
    ValueError
        If a unit has slices of several true classes.
    """
    if of_several_classes(scores).any():
        raise ValueError("a patient's slices are of several classes")
    if not len(scores):
        return scores
    units = int(scores.unit.max()) + 1
    counted = ~np.isnan(scores.probabilities).any(axis=1)
    sums = np.zeros((units, scores.n_classes))
    np.add.at(sums, scores.unit[counted], scores.probabilities[counted])
    slices = np.bincount(scores.unit[counted], minlength=units)[:, np.newaxis]
    means = np.divide(sums, slices, out=np.full(sums.shape, np.nan), where=slices > 0)
    truth = np.zeros(units, dtype=np.int64)
    truth[scores.unit] = scores.truth
    # Rejected patients are NaN, which is no confidence at all.
    confident = np.nan_to_num(means, nan=-1.0).max(axis=1) >= threshold
    return Scores.from_probabilities(means, truth.tolist(), confident.tolist(), range(units))
