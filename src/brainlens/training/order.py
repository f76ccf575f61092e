"""The order of the training slices: a function of seed and epoch."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

_SOFTENED: Final = 0.5
"""A patient is shown in proportion to this power of its number of slices: 1 would be every slice
alike, 0 every patient alike, which would show a patient's only slice a dozen times an epoch."""


class SeededOrder(Sampler[int]):
    """Shuffles by (seed, epoch), so that an interrupted epoch is replayed in the same order.

    Parameters
    ----------
    length
        Number of slices.
    seed
        The run's seed.
    rank, replicas
        Which share of the slices this process takes, of how many.
    patients
        The patient of each slice, so that patients with many slices are not favoured: one of n is
        shown in proportion to √n, where it would be n, and its slices share that evenly. An epoch
        has ``length`` slices all the same; a patient, and a slice, expected e times is shown ⌊e⌋
        or ⌈e⌉ times. A slice's second showing has its own number plus ``length``, its third twice
        that, and so on. None shows each slice once.

    Attributes
    ----------
    epoch
        Lightning sets it by `set_epoch` before each epoch.
    """

    def __init__(
        self,
        length: int,
        seed: int,
        *,
        rank: int = 0,
        replicas: int = 1,
        patients: Sequence[str] | None = None,
    ) -> None:
        self._length, self._seed = length, seed
        self._rank, self._replicas = rank, replicas
        self._patients = None
        if patients is not None:
            _, self._patients = np.unique(np.asarray(patients, np.str_), return_inverse=True)
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order the next iteration gives."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        generator = np.random.Generator(np.random.Philox(key=[self._seed, self.epoch]))
        if self._patients is None:
            order = generator.permutation(self._length)
        else:
            order = generator.permutation(_drawn(self._patients, generator))
        return iter(order[self._rank :: self._replicas][: len(self)].tolist())

    def __len__(self) -> int:
        # Every process takes equally many, or those with fewer would leave the others waiting.
        return self._length // self._replicas


def _drawn(patients: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.int64]:
    """Draw as many slices as there are by systematic sampling (Madow, 1949).

    Expected numbers are laid end to end, and every whole step from a random start picks the slice
    that it falls on. Patients lie in random order, and so do slices within them: neither comes
    much more or less often than expected, as it would in independent draws.
    """
    n = len(patients)
    counts = np.bincount(patients)
    shuffled = generator.permutation(n)
    places = generator.permutation(len(counts))[patients[shuffled]]
    order = shuffled[np.argsort(places, kind="stable")]
    ends = np.cumsum(counts[patients[order]] ** (_SOFTENED - 1))
    steps = (generator.random() + np.arange(n)) * (ends[-1] / n)
    # Rounding must not put the last step behind the last end.
    at = np.minimum(np.searchsorted(ends, steps, side="right"), n - 1)
    # Steps rise, so showings of one slice follow each other.
    showing = np.arange(n) - np.searchsorted(at, at, side="left")
    drawn: NDArray[np.int64] = order[at] + n * showing
    return drawn
