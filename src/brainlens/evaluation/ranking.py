"""How well the probability of a class ranks its slices above all others.

No threshold and no argmax takes part, so these figures say what the probabilities could do, not
what the answers do.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainlens.evaluation.counts import Array
from brainlens.evaluation.scores import Scores


@dataclass(frozen=True, slots=True)
class _Order:
    """One class against the others, sorted once for any number of weightings.

    Attributes
    ----------
    unit
        ``int64`` [m]: unit of each slice that has probabilities, by rising probability of the
        class.
    positive
        ``int64`` [p]: places in ``unit`` of the slices of the class.
    first
        ``int64`` [g]: places in ``positive`` where a probability differs from the one before.
    below, until
        ``int64`` [g]: how many slices have a probability below that one; at most that one.
    """

    unit: NDArray[np.int64]
    positive: NDArray[np.int64]
    first: NDArray[np.int64]
    below: NDArray[np.int64]
    until: NDArray[np.int64]

    @classmethod
    def of_class(
        cls, probability: Array, positive: NDArray[np.bool_], unit: NDArray[np.int64]
    ) -> "_Order":
        order = np.argsort(probability, kind="stable")
        rising = probability[order]
        places = np.flatnonzero(positive[order])
        levels, first = np.unique(rising[places], return_index=True)
        return cls(
            unit=unit[order],
            positive=places,
            first=first,
            below=np.searchsorted(rising, levels, side="left"),
            until=np.searchsorted(rising, levels, side="right"),
        )

    def areas(self, weights: Array) -> tuple[Array, Array]:
        """Return AUROC and AUPRC [draws] for unit weights [draws, units]."""
        undefined = np.full(len(weights), np.nan)
        if len(self.positive) in (0, len(self.unit)):
            return undefined, undefined.copy()
        # Slices lead from here on: sums along them then run over whole rows of draws.
        of_slice = np.ascontiguousarray(weights.T)[self.unit]
        # Weight of the class at each of its probabilities, and at all up to and with it.
        hits = np.add.reduceat(of_slice[self.positive], self.first, axis=0)
        hits_until = np.cumsum(hits, axis=0)
        hits_below = hits_until - hits
        everything = np.concatenate([np.zeros((1, len(weights))), np.cumsum(of_slice, axis=0)])
        below, until = everything[self.below], everything[self.until]
        total, all_hits = everything[-1], hits_until[-1]
        others = total - all_hits
        # Pairs of a slice of the class and another, ranked rightly; equal ones count half.
        others_twice = below - hits_below + until - hits_until
        pairs = np.einsum("gd,gd->d", hits, others_twice) / 2
        defined = (all_hits > 0) & (others > 0)
        auroc = np.divide(pairs, all_hits * others, out=undefined.copy(), where=defined)
        at_least = total - below
        precision = np.divide(
            all_hits - hits_below, at_least, out=np.zeros_like(hits), where=at_least > 0
        )
        gained = np.einsum("gd,gd->d", hits, precision)
        return auroc, np.divide(gained, all_hits, out=undefined, where=defined)


class Ranking:
    """Areas under the ROC and the precision–recall curve, of each class against the others.

    AUROC is the share of pairs (a slice of the class, another) in which the class's probability is
    larger for the former, equal ones counting half (Hanley and McNeil 1982). AUPRC is average
    precision: the mean over the slices of the class of the precision at the threshold that just
    takes the slice in; slices of equal probability are taken in together. Rejected slices have no
    probabilities and stay out.

    Everything is sorted once; a bootstrap draw is a weighting of the units, so its figures are
    sums along that order.

    Parameters
    ----------
    scores
        Truths and probabilities of n slices over C classes.
    """

    def __init__(self, scores: Scores) -> None:
        ranked = ~np.isnan(scores.probabilities).any(axis=1)
        truth, unit = scores.truth[ranked], scores.unit[ranked]
        self._orders = tuple(
            _Order.of_class(scores.probabilities[ranked, index], truth == index, unit)
            for index in range(scores.n_classes)
        )

    def figures(self, weights: Array) -> dict[str, Array]:
        """Return ``auroc`` and ``auprc`` [draws, C] for unit weights [draws, units].

        NaN in draws where a class has no slice, or no other class has one.
        """
        areas = [order.areas(weights) for order in self._orders]
        return {
            "auroc": np.stack([auroc for auroc, _ in areas], axis=-1),
            "auprc": np.stack([auprc for _, auprc in areas], axis=-1),
        }
