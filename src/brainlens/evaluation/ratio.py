"""Figures that are one sum over slices divided by another, with patient-bootstrap intervals.

A mean is such a figure, so is a share, and so is the difference of two means over the same slices
(their differences summed, divided by their number): pairs stay pairs in every draw.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from brainlens.evaluation.bootstrap import DRAWS, LEVEL, SEED

Array = NDArray[np.float64]

# Weights of at most this many (draw, unit) pairs exist at a time: 32 MiB.
_PAIRS_AT_A_TIME = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ratio:
    """One figure.

    Attributes
    ----------
    value
        None where it is undefined: nothing to divide by.
    interval
        95 % interval from draws of patients; None where fewer than two patients count, or where all
        draws agree, which shows no spread and does not mean that there is none.
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
    draws
        How often all units are drawn anew, with replacement.
    seed
        The same seed gives the same intervals.
    """
    units = int(unit.max()) + 1 if len(unit) else 0
    tables = {name: _Table.of(*pair, unit, units) for name, pair in sums.items()}
    drawn: dict[str, list[Array]] = {name: [] for name in sums}
    rng = np.random.default_rng(seed)
    at_a_time = max(1, _PAIRS_AT_A_TIME // max(units, 1))
    for start in range(0, draws if units > 1 else 0, at_a_time):
        some = min(at_a_time, draws - start)
        weights = rng.multinomial(units, np.full(units, 1 / units), size=some).astype(np.float64)
        for name, table in tables.items():
            drawn[name].append(_divided(weights @ table.above, weights @ table.below))
    return {name: table.ratio(drawn[name]) for name, table in tables.items()}


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
            above=np.bincount(unit, weights=above, minlength=units),
            below=np.bincount(unit, weights=below, minlength=units),
            n_slices=int(counts.sum()),
            n_units=len(np.unique(unit[counts])),
        )

    def ratio(self, drawn: list[Array]) -> Ratio:
        value = float(_divided(self.above.sum(), self.below.sum()))
        if np.isnan(value):
            return Ratio(None, None, self.n_slices, self.n_units)
        interval = _interval(np.concatenate(drawn)) if drawn and self.n_units > 1 else None
        return Ratio(value, interval, self.n_slices, self.n_units)


def _divided(above: ArrayLike, below: ArrayLike) -> Array:
    quotient: Array = np.full(np.shape(below), np.nan)
    np.divide(above, below, out=quotient, where=np.asarray(below) > 0)
    return quotient


def _interval(values: Array) -> tuple[float, float] | None:
    defined = values[~np.isnan(values)]
    if not len(defined):
        return None
    tail = (1 - LEVEL) / 2
    low, high = (float(bound) for bound in np.quantile(defined, [tail, 1 - tail]))
    return (low, high) if low < high else None
