"""95 % intervals by drawing patients, not slices.

Slices of one patient resemble each other, so drawing slices would promise too narrow an interval.
Whole patients are drawn with replacement instead, and every figure is computed again from the sums
of those drawn (percentile bootstrap). With few patients such intervals are still somewhat too
narrow; with one there is none at all. Where all draws agree (every slice right, say) there is none
either: the data then show no spread, which does not mean that there is none.
"""

from collections.abc import Callable

import numpy as np

from brainlens.evaluation.counts import Array, Counts

DRAWS = 1000
LEVEL = 0.95
SEED = 0

# Weights of at most this many (draw, unit) pairs exist at a time: 32 MiB.
_PAIRS_AT_A_TIME = 4 * 1024 * 1024


def intervals(
    counts: Counts,
    figures: Callable[[Counts], dict[str, Array]],
    *,
    draws: int = DRAWS,
    seed: int = SEED,
) -> dict[str, Array]:
    """Return the bounds of each figure's 95 % interval.

    Parameters
    ----------
    counts
        Sums of each unit, the leading axis counting the units.
    figures
        Computes figures from sums with leading axes.
    draws
        How often all units are drawn anew.
    seed
        The same seed gives the same interval.

    Returns
    -------
    dict
        Name → [2, ...]: lower and upper bound. Draws in which a figure is undefined are left out;
        NaN where fewer than two units make an interval meaningless, or no draw defines the figure.
    """
    units = len(counts.confident)
    if units < 2:
        return {name: np.full((2, *v.shape), np.nan) for name, v in figures(counts.total()).items()}
    rng = np.random.default_rng(seed)
    at_a_time = max(1, _PAIRS_AT_A_TIME // units)
    parts = []
    for start in range(0, draws, at_a_time):
        some = min(at_a_time, draws - start)
        weights = rng.multinomial(units, np.full(units, 1 / units), size=some).astype(np.float64)
        parts.append(figures(counts.weighted(weights)))
    return {name: _bounds(np.concatenate([part[name] for part in parts])) for name in parts[0]}


def _bounds(values: Array) -> Array:
    """Return the [2, ...] quantiles over the first axis of what is not NaN."""
    never = np.isnan(values).all(axis=0)
    # numpy warns of columns without a number; 0 stands in and is taken out again.
    filled = np.where(never, 0.0, values)
    tail = (1 - LEVEL) / 2
    bounds = np.nanquantile(filled, [tail, 1 - tail], axis=0)
    return np.asarray(np.where(never, np.nan, bounds), dtype=np.float64)
