"""Figures that are one sum over slices divided by another, with patient-bootstrap intervals.

A mean is such a figure, so is a share, and so is the difference of two means over the same slices
(their differences summed, divided by their number): pairs stay pairs in every draw.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from brainlens.evaluation.bootstrap import DRAWS, SEED, weighted_intervals
from brainlens.evaluation.counts import Array
from brainlens.evaluation.exact import where_draws_agree


@dataclass(frozen=True, slots=True)
class Ratio:
    """One figure.

    Attributes
    ----------
    value
        None where it is undefined: nothing to divide by.
    interval
        95 % interval from draws of patients, an exact one where all draws of a share agree; None
        where fewer than two patients count.
    n_slices, n_units
        Slices that count, and the units (patients where they are known) that these belong to.
    """

    value: float | None
    interval: tuple[float, float] | None
    n_slices: int
    n_units: int

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold of it."""
        return {
            "value": self.value,
            "interval": None if self.interval is None else list(self.interval),
            "n_slices": self.n_slices,
            "n_units": self.n_units,
        }

    def __str__(self) -> str:
        if self.value is None:
            return "–"
        if self.interval is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.interval[0]:.3f} to {self.interval[1]:.3f})"


def ratios(
    sums: Mapping[str, tuple[ArrayLike, ArrayLike]],
    unit: NDArray[np.int64],
    *,
    shares: bool = True,
    draws: int = DRAWS,
    seed: int = SEED,
) -> dict[str, Ratio]:
    """Return each figure with its 95 % percentile interval; all share the same draws.

    Parameters
    ----------
    sums
        Name → (numerator [n], denominator [n] ≥ 0) of the slices. A slice whose denominator is 0
        does not count; its numerator is not looked at and may be NaN.
    unit
        ``int64`` [n]: number of the unit that each slice belongs to, as in `Scores.unit`.
    shares
        Whether the figures can only lie in [0, 1]. Where all draws of a share agree, the exact
        interval stands in (`brainlens.evaluation.exact`); another figure then has none.
    draws
        How often all units are drawn anew, with replacement.
    seed
        The same seed gives the same intervals.
    """
    units = int(unit.max()) + 1 if len(unit) else 0
    tables = {name: _Table.of(*pair, unit, units) for name, pair in sums.items()}

    def figures(weights: Array) -> dict[str, Array]:
        return {name: table.value(weights) for name, table in tables.items()}

    bounds = weighted_intervals(units, figures, draws=draws, seed=seed)
    return {name: table.ratio(bounds[name], shares) for name, table in tables.items()}


@dataclass(frozen=True, slots=True)
class _Table:
    """Sums of one figure by unit."""

    above: Array
    below: Array
    n_slices: int
    n_units: int

    @classmethod
    def of(
        cls,
        numerator: ArrayLike,
        denominator: ArrayLike,
        unit: NDArray[np.int64],
        units: int,
    ) -> "_Table":
        below = np.broadcast_to(np.asarray(denominator, dtype=np.float64), unit.shape)
        counts = below > 0
        above = np.where(counts, np.asarray(numerator, dtype=np.float64), 0.0)
        return cls(
            above=_summed(above, unit, units),
            below=_summed(below, unit, units),
            n_slices=int(counts.sum()),
            n_units=len(np.unique(unit[counts])),
        )

    def value(self, weights: Array) -> Array:
        """Return the figure [draws] of units that count ``weights`` [draws, units] times."""
        above, below = weights @ self.above, weights @ self.below
        quotient: Array = np.full(np.shape(below), np.nan)
        np.divide(above, below, out=quotient, where=below > 0)
        return quotient

    def ratio(self, bounds: Array, shares: bool) -> Ratio:
        value = float(self.value(np.ones((1, len(self.below))))[0])
        if np.isnan(value):
            return Ratio(None, None, self.n_slices, self.n_units)
        if self.n_units < 2:
            return Ratio(value, None, self.n_slices, self.n_units)
        honest = np.array(self.n_units if shares else 0)
        low, high = (float(b) for b in where_draws_agree(np.array(value), bounds, honest))
        interval = None if np.isnan(low) else (low, high)
        return Ratio(value, interval, self.n_slices, self.n_units)


def _summed(values: Array, unit: NDArray[np.int64], units: int) -> Array:
    return np.asarray(np.bincount(unit, weights=values, minlength=units), dtype=np.float64)
