"""How far the records of a service have moved from the slices that a bundle was measured on.

Measured by the largest difference between two distribution functions (Kolmogorov and Smirnov): it
needs no bins, and is a share that can be said in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from brainlens.pipeline.monitor.reference import Reference

#: Records below which a difference says nothing.
LEAST: Final = 50
# Of the statistic's distribution for large samples: chance exceeds it in one of twenty cases.
_CRITICAL: Final = 1.358


@dataclass(frozen=True, slots=True)
class Drift:
    """The largest difference between records and reference.

    Attributes
    ----------
    n_records
        Records compared.
    at
        The value at which the difference is largest.
    below_records, below_reference
        Shares below that value.
    by_chance
        Difference that chance exceeds in one of twenty cases, were all slices independent.
    """

    n_records: int
    at: float
    below_records: float
    below_reference: float
    by_chance: float

    @property
    def difference(self) -> float:
        """Share of records that lie elsewhere, with its sign: positive where more lie below."""
        return self.below_records - self.below_reference

    @property
    def beyond_chance(self) -> bool:
        """Whether chance alone would not explain it, were all slices independent."""
        return abs(self.difference) > self.by_chance

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "n_records": self.n_records,
            "difference": self.difference,
            "at": self.at,
            "below_records": self.below_records,
            "below_reference": self.below_reference,
            "by_chance": self.by_chance,
            "beyond_chance": self.beyond_chance,
        }


def confidence_drift(values: NDArray[np.float64], reference: Reference) -> Drift | None:
    """Return the drift of confidences; None where too few, or without a reference."""
    points = [threshold for threshold, _ in reference.above]
    below = [1 - share for _, share in reference.above]
    return _drift(values, points, below, reference.n_slices)


def distance_drift(values: NDArray[np.float64], reference: Reference) -> Drift | None:
    """Return the drift of distances; None where too few, or without a reference.

    How many slices the quantiles were taken from is not kept: chance is reckoned for the records
    alone, which is a little too strict.
    """
    below = np.linspace(0, 1, len(reference.distances)).tolist()
    return _drift(values, reference.distances, below, None)


def _drift(
    values: NDArray[np.float64],
    points: Sequence[float],
    below: Sequence[float],
    n_reference: int | None,
) -> Drift | None:
    n = len(values)
    if n < LEAST or len(points) == 0:
        return None
    # Compared where the reference says something, and nowhere between.
    found = np.searchsorted(np.sort(values), points, side="left") / n
    worst = int(np.abs(found - below).argmax())
    spread = 1 / n + (1 / n_reference if n_reference else 0)
    return Drift(
        n_records=n,
        at=float(points[worst]),
        below_records=float(found[worst]),
        below_reference=float(below[worst]),
        by_chance=float(_CRITICAL * np.sqrt(spread)),
    )
