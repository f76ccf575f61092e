"""How far probabilities can be taken at their word.

Of slices answered with 80 % confidence, 80 % should be right. The expected calibration error
(Naeini et al., 2015) is the mean gap between the two over bins of slices of like confidence; here
15 bins of equally many slices, since bins of equal width leave most of them nearly empty (Nguyen
and O'Connor, 2015). It is never 0 on finite data, so the error that perfect probabilities would
show by luck alone stands beside it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainlens.bundle.calibration import ProbabilityFigures

Array = NDArray[np.float64]

BINS = 15
DRAWS = 1000
SEED = 0

# At most this many simulated answers exist at a time: 32 MiB.
_ANSWERS_AT_A_TIME = 4 * 1024 * 1024
# A probability of exactly 0 would make one slice's loss infinite; the bound is scikit-learn's.
_SMALLEST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class ReliabilityBins:
    """Slices of like confidence.

    Attributes
    ----------
    confidence
        ``float64`` [bins]: mean confidence of a bin's slices, ascending.
    accuracy
        ``float64`` [bins]: share of them that is right.
    n
        ``float64`` [bins]: number of slices, above 0.
    """

    confidence: Array
    accuracy: Array
    n: Array

    @property
    def error(self) -> float:
        """The expected calibration error, in [0, 1]."""
        return float(self.n @ np.abs(self.accuracy - self.confidence) / self.n.sum())


def reliability_bins(
    confidence: Array, correct: NDArray[np.bool_], bins: int = BINS
) -> ReliabilityBins:
    """Return the slices in bins of equally many, by confidence.

    Slices of one and the same confidence that stand across the edge of a bin are shared out between
    the bins, so that their order in the file does not matter.

    Parameters
    ----------
    confidence
        ``float64`` [n], n ≥ 1, in [0, 1].
    correct
        ``bool`` [n].
    bins
        How many; fewer where there are fewer slices.
    """
    shares = _shares(confidence, bins)
    n = shares.sum(axis=1)
    return ReliabilityBins(shares @ confidence / n, shares @ correct.astype(np.float64) / n, n)


def expected_calibration_error(
    confidence: Array, correct: NDArray[np.bool_], bins: int = BINS
) -> float:
    """Return the expected calibration error, in [0, 1]; see `reliability_bins`."""
    return reliability_bins(confidence, correct, bins).error


def error_floor(
    confidence: Array,
    *,
    unit: NDArray[np.int64] | None = None,
    bins: int = BINS,
    draws: int = DRAWS,
    seed: int = SEED,
) -> float:
    """Return the expected calibration error of perfectly calibrated probabilities.

    Slices of these confidences are declared right with just that probability, many times over.

    Parameters
    ----------
    confidence
        ``float64`` [n], n ≥ 1, in [0, 1].
    unit
        ``int64`` [n]: number of the unit that a slice belongs to. Where given, the slices of a unit
        share their luck, the most that they can resemble each other: an upper limit of the floor.
        Without it slices are independent, a lower limit.
    bins, draws, seed
        Bins, simulations, and the seed of their luck.
    """
    shares = _shares(confidence, bins)
    rng = np.random.default_rng(seed)
    n = len(confidence)
    at_a_time = max(1, _ANSWERS_AT_A_TIME // n)
    total = 0.0
    for start in range(0, draws, at_a_time):
        some = min(at_a_time, draws - start)
        if unit is None:
            luck = rng.random((some, n))
        else:
            luck = rng.random((some, int(unit.max()) + 1))[:, unit]
        gaps = ((luck < confidence) - confidence) @ shares.T
        total += float(np.abs(gaps).sum()) / n
    return total / draws


def classwise_errors(probabilities: Array, truth: NDArray[np.int64], bins: int = BINS) -> Array:
    """Return the expected calibration error of each class's probability [C] (Kull et al., 2019).

    Parameters
    ----------
    probabilities
        ``float64`` [n, C], n ≥ 1, without NaN.
    truth
        ``int64`` [n].
    bins
        How many.
    """
    classes = range(probabilities.shape[1])
    return np.array(
        [expected_calibration_error(probabilities[:, c], truth == c, bins) for c in classes]
    )


def classwise_brier(probabilities: Array, truth: NDArray[np.int64]) -> Array:
    """Return each class's part [C] of the Brier score (Brier, 1950): the sum of them is the score.

    Parameters
    ----------
    probabilities
        ``float64`` [n, C], n ≥ 1, without NaN.
    truth
        ``int64`` [n].
    """
    hits = truth[:, np.newaxis] == np.arange(probabilities.shape[1])
    return np.asarray(((probabilities - hits) ** 2).mean(axis=0), dtype=np.float64)


def probability_figures(probabilities: Array, truth: NDArray[np.int64]) -> ProbabilityFigures:
    """Return loss, Brier score, calibration error and its floor, every slice counted alike.

    Parameters
    ----------
    probabilities
        ``float64`` [n, C]; rows of NaN (rejected slices) do not count.
    truth
        ``int64`` [n].

    Raises
    ------
    ValueError
        If no slice has probabilities.
    """
    known = ~np.isnan(probabilities).any(axis=1)
    if not known.any():
        raise ValueError("no slice has probabilities")
    shares, true = probabilities[known], truth[known]
    confidence = shares.max(axis=1)
    of_truth = np.take_along_axis(shares, true[:, np.newaxis], axis=1)
    return ProbabilityFigures(
        loss=float(-np.log(np.maximum(of_truth, _SMALLEST)).mean()),
        brier=float(classwise_brier(shares, true).sum()),
        ece=expected_calibration_error(confidence, shares.argmax(axis=1) == true),
        ece_floor=error_floor(confidence),
    )


def _shares(confidence: Array, bins: int) -> Array:
    """Return which part of each slice is in each bin, [bins, n]; the columns sum to 1."""
    n = len(confidence)
    values, tie, sizes = np.unique(confidence, return_inverse=True, return_counts=True)
    bin_of_rank = np.repeat(
        np.arange(min(bins, n)), [len(part) for part in np.array_split(np.arange(n), min(bins, n))]
    )
    members = np.zeros((min(bins, n), len(values)))
    np.add.at(members, (bin_of_rank, np.sort(tie)), 1.0)
    return np.asarray((members / sizes)[:, tie], dtype=np.float64)
