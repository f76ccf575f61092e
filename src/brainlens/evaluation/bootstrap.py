"""95 % intervals by drawing patients, not slices.

Slices of one patient resemble each other, so drawing slices would promise too narrow an interval.
Whole patients are drawn with replacement instead, and every figure is computed again from the
slices of those drawn (percentile bootstrap, Efron 1979; drawing whole clusters: Davison and
Hinkley 1997, section 3.8). A patient who is drawn twice counts twice, so a draw is nothing but a
weighting of the patients. With few patients such intervals are still somewhat too narrow; with one
there is none at all. Where all draws agree (every slice right, say) they show no spread, which does
not mean that there is none: see `brainlens.evaluation.exact`.
"""

from collections.abc import Callable

import numpy as np

from brainlens.datasets.manifest import Progress
from brainlens.evaluation.counts import Array, Counts

DRAWS = 2000
LEVEL = 0.95
SEED = 0

# Arrays over (draw, unit or slice) hold at most this many numbers at a time: 1 MiB, which stays in
# a processor's cache, so that 200 000 slices need no more memory than 200 and draws are quick.
_NUMBERS_AT_A_TIME = 128 * 1024


def intervals(
    counts: Counts,
    figures: Callable[[Counts], dict[str, Array]],
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    progress: Progress | None = None,
) -> dict[str, Array]:
    """Return the bounds of each figure's 95 % interval, for figures that are functions of sums.

    Parameters
    ----------
    counts
        Sums of each unit, the leading axis counting the units.
    figures
        Computes figures from sums with leading axes.
    draws, seed, progress
        See `weighted_intervals`.

    Returns
    -------
    dict
        See `weighted_intervals`.
    """
    return weighted_intervals(
        len(counts.confident),
        lambda weights: figures(counts.weighted(weights)),
        draws=draws,
        seed=seed,
        progress=progress,
    )


def weighted_intervals(
    units: int,
    figures: Callable[[Array], dict[str, Array]],
    *,
    slices: int = 0,
    draws: int = DRAWS,
    seed: int = SEED,
    progress: Progress | None = None,
) -> dict[str, Array]:
    """Return the bounds of each figure's 95 % interval, for figures of weighted units.

    Parameters
    ----------
    units
        Number of units: patients, or what stands for them.
    figures
        Computes figures from ``weights`` [draws, units], how often each draw holds each unit: name
        → [draws, ...].
    slices
        Number of slices, where ``figures`` works with arrays over draws and slices: so many draws
        are handed to it at a time that these stay small.
    draws
        How often all units are drawn anew.
    seed
        The same seed gives the same interval.
    progress
        Called with (draws done, draws).

    Returns
    -------
    dict
        Name → [2, ...]: lower and upper bound. Draws in which a figure is undefined are left out;
        NaN where fewer than two units make an interval meaningless, or no draw defines the figure.
    """
    if units < 2:
        undrawn = figures(np.ones((1, units)))
        return {name: np.full((2, *v.shape[1:]), np.nan) for name, v in undrawn.items()}
    rng = np.random.default_rng(seed)
    at_a_time = max(1, _NUMBERS_AT_A_TIME // max(units, slices))
    parts = []
    for start in range(0, draws, at_a_time):
        some = min(at_a_time, draws - start)
        weights = rng.multinomial(units, np.full(units, 1 / units), size=some).astype(np.float64)
        parts.append(figures(weights))
        if progress is not None:
            progress(start + some, draws)
    return {name: _bounds(np.concatenate([part[name] for part in parts])) for name in parts[0]}


def _bounds(values: Array) -> Array:
    """Return the [2, ...] quantiles over the first axis of what is not NaN."""
    never = np.isnan(values).all(axis=0)
    # numpy warns of columns without a number; 0 stands in and is taken out again.
    filled = np.where(never, 0.0, values)
    tail = (1 - LEVEL) / 2
    bounds = np.nanquantile(filled, [tail, 1 - tail], axis=0)
    return np.asarray(np.where(never, np.nan, bounds), dtype=np.float64)
