"""The decoded slices of a split, fetched by whole batches."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset


class Batch(NamedTuple):
    """Some slices.

    Attributes
    ----------
    images
        uint8 [B, 1, S, S] as cached; the training module scales (and varies) them on the device.
    labels
        int64 [B], positions in the class list.
    indices
        int64 [B], positions in the split: what augmentation is keyed by.
    """

    images: Tensor
    labels: Tensor
    indices: Tensor


class CachedSlices(Dataset[Batch]):
    """A split's slices out of a memory-mapped cache.

    Parameters
    ----------
    images
        uint8 [n, S, S], the cache of the whole manifest.
    positions
        Row of ``images`` of each slice of the split.
    labels
        Class position of each slice of the split.
    """

    def __init__(
        self, images: NDArray[np.uint8], positions: Sequence[int], labels: Sequence[int]
    ) -> None:
        self._images = images
        self._positions = np.asarray(positions, np.int64)
        self._labels = torch.tensor(labels, dtype=torch.int64)

    def __len__(self) -> int:
        return len(self._positions)

    def __getitem__(self, index: int) -> Batch:
        """Return one slice as a batch of one."""
        return self.__getitems__([index])

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """Return a batch in one read; torch's loader calls this where it is defined."""
        images = torch.from_numpy(self._images[self._positions[indices]])
        chosen = torch.tensor(indices, dtype=torch.int64)
        return Batch(images[:, None], self._labels[chosen], chosen)


def keep(batch: Any) -> Any:
    """Collate nothing: batches are fetched whole."""
    return batch
