"""Intervals where drawing patients shows no spread.

Where every patient's share of right answers is the same (all right, mostly), all bootstrap draws
agree, and their interval has no width. It would say that nothing is left to chance, with three
patients as with three hundred. There the exact binomial interval of Clopper and Pearson (1934)
stands in, with patients for trials: the slices of one patient are not independent, so their number
promises too much. A share k/n that is no whole number of patients enters the same formula with its
fractional k (Korn and Graubard 1998 do so for surveys by clusters); a mean of shares in [0, 1]
varies at most as much as a binomial share, so this is on the safe side.

For n patients who are all right the lower bound is 0.025^(1/n): 0.29 for three, 0.88 for thirty,
0.988 for three hundred.
"""

import numpy as np
from scipy.stats import beta

from brainlens.evaluation.bootstrap import LEVEL
from brainlens.evaluation.counts import Array

# Draws that agree differ in the last bits where their sums were taken in another order.
_AGREE = 1e-9


def clopper_pearson(hits: float, trials: int, *, level: float = LEVEL) -> tuple[float, float]:
    """Return the exact two-sided interval of a share.

    Parameters
    ----------
    hits
        How many trials succeeded, in [0, trials]; need not be whole.
    trials
        How many independent trials, at least 1.
    level
        Confidence level, in (0, 1).

    Returns
    -------
    tuple of float
        Lower and upper bound, each wrong with probability at most ``(1 - level) / 2``.

    Raises
    ------
    ValueError
        If ``trials`` or ``hits`` is outside its range.
    """
    if trials < 1 or not 0 <= hits <= trials:
        raise ValueError(f"{hits} hits of {trials} trials make no share")
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, hits, trials - hits + 1)) if hits > 0 else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, trials - hits)) if hits < trials else 1.0
    return low, high


def where_draws_agree(values: Array, bounds: Array, patients: Array) -> Array:
    """Return bounds in which exact intervals stand where a bootstrap found no width.

    Parameters
    ----------
    values
        Shares in [0, 1], of any shape; NaN where undefined.
    bounds
        [2, ...]: what the bootstrap found for them.
    patients
        How many independent units (patients) each share rests on, of the shape of ``values``; 0
        where no exact interval is known for the figure: then NaN bounds stand where draws agree.

    Returns
    -------
    ndarray
        [2, ...].
    """
    mended = bounds.copy()
    for at in np.ndindex(np.shape(values)):
        low, high = bounds[(0, *at)], bounds[(1, *at)]
        if np.isnan(low) or high - low > _AGREE:
            continue
        n, value = int(patients[at]), float(values[at])
        if n and not np.isnan(value):
            mended[(slice(None), *at)] = clopper_pearson(min(value, 1.0) * n, n)
        else:
            mended[(slice(None), *at)] = np.nan
    return mended
