"""How well a score tells slices of known classes from slices of a class never shown.

The figure is the area under the ROC curve: the chance that a slice of an unknown class, drawn at
random, has a higher score than one of a known class, equal scores counting half (Mann and Whitney,
1947; Hanley and McNeil, 1982). A half is guessing. Its interval comes from drawing patients, known
and unknown ones apart from each other.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from brainlens.evaluation.bootstrap import DRAWS, LEVEL, SEED

Array = NDArray[np.float64]

# A draw multiplies a matrix of known by unknown units; of so many draws at a time: 32 MiB.
_WEIGHTS_AT_A_TIME = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Separation:
    """Area under the ROC curve of a score that should be higher for the unknown.

    Attributes
    ----------
    auroc
        0 to 1; a half is guessing, below it the score points the wrong way.
    interval
        95 % interval; None where one side has fewer than two patients, or where all draws agree,
        which shows no spread and does not mean that there is none.
    """

    auroc: float
    interval: tuple[float, float] | None

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold of it."""
        return {
            "auroc": self.auroc,
            "interval": None if self.interval is None else list(self.interval),
        }


def separation(
    known: ArrayLike,
    known_units: Sequence[Hashable],
    unknown: ArrayLike,
    unknown_units: Sequence[Hashable],
    *,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Separation:
    """Return how well a score tells the unknown from the known.

    Parameters
    ----------
    known, unknown
        The scores, [n] and [m], finite, n and m at least 1; higher is to mean unknown.
    known_units, unknown_units
        What is drawn together: the patient of each slice, see `unit_of`.
    draws
        How often the patients of both sides are drawn anew, with replacement.
    seed
        The same seed gives the same interval.

    Raises
    ------
    ValueError
        If a side has no slice, a score is not finite, or a unit is missing.
    """
    below, above = _checked(known, known_units), _checked(unknown, unknown_units)
    rows, columns = _numbers(known_units), _numbers(unknown_units)
    # Pairs of units are counted once; then every draw is a weighting of that table.
    won = _pairs_won(below, rows, above, columns)
    n_known, n_unknown = np.bincount(rows), np.bincount(columns)
    auroc = float(won.sum() / (len(below) * len(above)))
    if min(won.shape) < 2:
        return Separation(auroc, None)
    rng = np.random.default_rng(seed)
    at_a_time = max(1, _WEIGHTS_AT_A_TIME // sum(won.shape))
    drawn = []
    for start in range(0, draws, at_a_time):
        some = min(at_a_time, draws - start)
        left, right = (_weights(rng, units, some) for units in won.shape)
        pairs = (left @ n_known) * (right @ n_unknown)
        drawn.append(((left @ won) * right).sum(axis=1) / pairs)
    tail = (1 - LEVEL) / 2
    low, high = (float(q) for q in np.quantile(np.concatenate(drawn), [tail, 1 - tail]))
    return Separation(auroc, (low, high) if low < high else None)


def _checked(scores: ArrayLike, units: Sequence[Hashable]) -> Array:
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1 or not len(values) or len(values) != len(units):
        raise ValueError("each side needs slices, with one score and one unit each")
    if not np.isfinite(values).all():
        raise ValueError("a score is not finite")
    return values


def _numbers(units: Sequence[Hashable]) -> NDArray[np.int64]:
    number = {unit: i for i, unit in enumerate(dict.fromkeys(units))}
    return np.array([number[unit] for unit in units], dtype=np.int64)


def _pairs_won(
    known: Array, rows: NDArray[np.int64], unknown: Array, columns: NDArray[np.int64]
) -> Array:
    """Return for known unit i and unknown unit j the pairs of slices where the unknown is higher.

    Equal scores count half.
    """
    won = np.zeros((int(rows.max()) + 1, int(columns.max()) + 1))
    for column in range(won.shape[1]):
        scores = np.sort(unknown[columns == column])
        higher = len(scores) - np.searchsorted(scores, known, side="right")
        equal = len(scores) - higher - np.searchsorted(scores, known, side="left")
        won[:, column] = np.bincount(rows, weights=higher + 0.5 * equal, minlength=len(won))
    return won


def _weights(rng: np.random.Generator, units: int, draws: int) -> Array:
    return rng.multinomial(units, np.full(units, 1 / units), size=draws).astype(np.float64)
