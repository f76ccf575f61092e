"""The temperature: one number that makes a model as sure as it is right.

Guo et al. (2017): logits are divided by a temperature chosen to make the truth most likely. The
logarithms of probabilities do as logits, since the softmax does not see what is added to all.

A few dozen patients, as validation leaves, say little about it: one that the network happens to
get right, or wrong, moves it by half. So it is the likeliest one given also that temperatures far
from the one there is are rare: its logarithm is taken to be normally distributed about that.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from brainlens.evaluation.unit_weights import unit_weights
from brainlens.inference.calibration import softmax

Array = NDArray[np.float64]

#: Temperatures are looked for in this range.
LOWEST, HIGHEST = 0.05, 20.0

#: Standard deviation of the logarithm before any patient is seen: half or double is ordinary.
SPREAD = math.log(2)


def tempered(probabilities: Array, temperature: float) -> Array:
    """Return probabilities at another temperature.

    Parameters
    ----------
    probabilities
        ``float64`` [n, C]; rows of NaN (rejected slices) stay as they are.
    temperature
        Above 0, relative to that of ``probabilities``; above 1 makes them less sure.

    Returns
    -------
    ndarray of float64, shape [n, C]
        Summing to 1 over the classes.
    """
    known = ~np.isnan(probabilities).any(axis=1)
    found: Array = np.full(probabilities.shape, np.nan)
    found[known] = softmax(_logits(probabilities[known]), temperature)
    return found


def fit_temperature(
    probabilities: Array,
    truth: NDArray[np.int64],
    unit: NDArray[np.int64],
    *,
    spread: float = SPREAD,
) -> float:
    """Return the likeliest temperature, given the truth and that far ones are rare.

    Every patient counts alike, however many slices it has: a patient with forty slices is one
    person, and its slices make much the same mistake. The more patients, the less the rarity of
    far ones counts: with 35 as much as a few of them, with 1000 nothing to speak of.

    Parameters
    ----------
    probabilities
        ``float64`` [n, C]; rows of NaN (rejected slices) do not count.
    truth
        ``int64`` [n]: index of the true class.
    unit
        ``int64`` [n]: number of the unit (patient, where it is known) that a slice belongs to.
    spread
        Above 0: standard deviation of the logarithm before any patient is seen; infinite for the
        likeliest temperature given the truth alone.

    Returns
    -------
    float
        In [`LOWEST`, `HIGHEST`], relative to the temperature of ``probabilities``: 1 where there
        is no slice.
    """
    known = ~np.isnan(probabilities).any(axis=1)
    if not known.any():
        return 1.0
    logits = _logits(probabilities[known])
    true = truth[known, np.newaxis]
    weights = unit_weights(unit[known])
    above = logits - np.take_along_axis(logits, true, axis=1)

    def loss(log_temperature: float) -> float:
        # Minus the logarithm of the true class's probability, which is 1 / Σ exp(z - z_true).
        scaled = above / math.exp(log_temperature)
        top = scaled.max(axis=1)
        losses = top + np.log(np.exp(scaled - top[:, np.newaxis]).sum(axis=1))
        return float(weights @ losses) + (log_temperature / spread) ** 2 / 2

    found = minimize_scalar(
        loss,
        bounds=(math.log(LOWEST), math.log(HIGHEST)),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return math.exp(found.x)


def _logits(probabilities: Array) -> Array:
    # A probability so small that it became 0 is taken for the smallest number there is.
    return np.asarray(np.log(np.maximum(probabilities, np.finfo(np.float64).tiny)))
