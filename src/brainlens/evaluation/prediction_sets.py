"""Class-conditional conformal prediction sets, with the patient as the unit.

A class is in the set if its probability is at least what slices of that class usually have: the
smallest probability is chosen so that the set holds the truth for 90 % of the slices of each class
(Sadinle et al., 2019; class by class: Vovk, 2012). Slices of one patient are not independent, so
each patient has one vote that its slices share, and one more vote stands for the patient to come
(Lee, Barber and Willett, 2023). The promise is about a slice of a new patient of the class, each
patient counted alike, and does not depend on how frequent the classes are.

With out-of-fold outcomes the promise is borrowed: they are of networks trained in the same way, not
of the one that ships. Such sets cover about as wanted in practice; what is proven of their kind is
weaker (Barber et al., 2021). So the coverage is measured besides, on patients not used.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from brainlens.bundle.calibration import SetFigures
from brainlens.evaluation.bootstrap import DRAWS
from brainlens.evaluation.ratio import Ratio, ratios
from brainlens.evaluation.unit_weights import unit_weights

Array = NDArray[np.float64]

LEVEL = 0.9

# Sums of votes that are equal on paper differ in their last bits.
_ROUNDING = 1e-9


def fit_sets(
    probabilities: Array,
    truth: NDArray[np.int64],
    unit: NDArray[np.int64],
    level: float = LEVEL,
) -> Array:
    """Return the smallest probability [C] at which each class is in the set.

    Parameters
    ----------
    probabilities
        ``float64`` [n, C], calibrated; rows of NaN (rejected slices) do not count.
    truth
        ``int64`` [n]: index of the true class.
    unit
        ``int64`` [n]: number of the unit (patient, where it is known) that a slice belongs to.
    level
        Wanted share of slices whose set holds the truth, in (0, 1).

    Returns
    -------
    ndarray of float64, shape [C]
        0 for a class of too few patients (fewer than 9 for 90 %): it is in every set.
    """
    least = np.zeros(probabilities.shape[1])
    known = ~np.isnan(probabilities).any(axis=1)
    for class_ in range(len(least)):
        mine = known & (truth == class_)
        if mine.any():
            least[class_] = _least(probabilities[mine, class_], unit[mine], level)
    return least


def _least(of_truth: Array, unit: NDArray[np.int64], level: float) -> float:
    """Return the largest probability that the wanted share of votes reaches; 0 if none is."""
    order = np.argsort(-of_truth, kind="stable")
    weights = unit_weights(unit)[order]
    wanted = level * (len(np.unique(unit)) + 1) - _ROUNDING
    reached = int(np.searchsorted(np.cumsum(weights), wanted, side="left"))
    return float(of_truth[order[reached]]) if reached < len(order) else 0.0


def set_ratios(
    members: NDArray[np.bool_],
    truth: NDArray[np.int64],
    unit: NDArray[np.int64],
    class_ids: Sequence[str],
    *,
    draws: int = DRAWS,
) -> dict[str, Ratio]:
    """Return what sets did, with 95 % intervals from draws of patients.

    Parameters
    ----------
    members
        ``bool`` [n, C]: which classes are in the set; empty where a slice was rejected, which does
        not count.
    truth, unit
        As for `fit_sets`.
    class_ids
        Class ids in the bundle's order.
    draws
        How often all patients are drawn anew.

    Returns
    -------
    dict
        ``coverage:<class id>`` (each patient counted alike), ``mean_size``, ``single``.
    """
    sums = _sums(members, truth, unit, class_ids)
    size = {"mean_size": sums.pop("mean_size")}
    return ratios(sums, unit, draws=draws) | ratios(size, unit, shares=False, draws=draws)


def set_figures(
    members: NDArray[np.bool_],
    truth: NDArray[np.int64],
    unit: NDArray[np.int64],
    class_ids: Sequence[str],
) -> SetFigures:
    """Return the same without intervals, as a bundle carries it.

    Raises
    ------
    ValueError
        If no slice has a set.
    """
    sums = _sums(members, truth, unit, class_ids)
    values = {
        name: float(above.sum() / below.sum()) if below.any() else None
        for name, (above, below) in sums.items()
    }
    mean_size, single = values["mean_size"], values["single"]
    if mean_size is None or single is None:
        raise ValueError("no slice has a prediction set")
    return SetFigures(
        coverage={class_id: values[f"coverage:{class_id}"] for class_id in class_ids},
        mean_size=mean_size,
        single=single,
    )


def _sums(
    members: NDArray[np.bool_],
    truth: NDArray[np.int64],
    unit: NDArray[np.int64],
    class_ids: Sequence[str],
) -> dict[str, tuple[Array, Array]]:
    """Return what is divided by what, slice by slice."""
    sizes = members.sum(axis=1)
    given = (sizes > 0).astype(np.float64)
    covered = np.take_along_axis(members, truth[:, np.newaxis], axis=1)[:, 0]
    sums: dict[str, tuple[Array, Array]] = {}
    for class_, class_id in enumerate(class_ids):
        votes = np.zeros(len(truth))
        mine = (sizes > 0) & (truth == class_)
        votes[mine] = unit_weights(unit[mine])
        sums[f"coverage:{class_id}"] = (votes * covered, votes)
    sums["mean_size"] = (sizes.astype(np.float64), given)
    sums["single"] = ((sizes == 1).astype(np.float64), given)
    return sums
