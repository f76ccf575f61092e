"""The order of the training slices: a function of seed and epoch."""

from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler


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

    Attributes
    ----------
    epoch
        Lightning sets it by `set_epoch` before each epoch.
    """

    def __init__(self, length: int, seed: int, *, rank: int = 0, replicas: int = 1) -> None:
        self._length, self._seed = length, seed
        self._rank, self._replicas = rank, replicas
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order the next iteration gives."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        generator = np.random.Generator(np.random.Philox(key=[self._seed, self.epoch]))
        order = generator.permutation(self._length)
        return iter(order[self._rank :: self._replicas][: len(self)].tolist())

    def __len__(self) -> int:
        # Every process takes equally many, or those with fewer would leave the others waiting.
        return self._length // self._replicas
