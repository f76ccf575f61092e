"""The decoded slices of a split, fetched by whole batches."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from brainlens.datasets.mask_cache import MaskCache


class Lesions(NamedTuple):
    """The outlined lesions of some slices.

    Attributes
    ----------
    masks
        uint8 [B, 1, S, S], 1 inside the lesion, else 0.
    known
        bool [B], whether the slice has a mask; the mask of one without is all 0.
    """

    masks: Tensor
    known: Tensor


class Batch(NamedTuple):
    """Some slices.

    Attributes
    ----------
    images
        uint8 [B, 1, S, S] as cached; the training module scales (and varies) them on the device.
    labels
        int64 [B], positions in the class list.
    indices
        int64 [B], what augmentation is keyed by: the position in the split, plus the number of
        slices in the split for each time that the slice was shown before in the same epoch.
    lesions
        Their outlines, where the run learns from them.
    """

    images: Tensor
    labels: Tensor
    indices: Tensor
    lesions: Lesions | None = None


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
    masks
        The outlines, and the position in them of each slice's (-1 where it has none); None where
        the run does not learn from outlines.
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        positions: Sequence[int],
        labels: Sequence[int],
        masks: tuple[MaskCache, NDArray[np.int64]] | None = None,
    ) -> None:
        self._images = images
        self._positions = np.asarray(positions, np.int64)
        self._labels = torch.tensor(labels, dtype=torch.int64)
        self._masks = masks

    def __len__(self) -> int:
        return len(self._positions)

    def __getitem__(self, index: int) -> Batch:
        """Return one slice as a batch of one."""
        return self.__getitems__([index])

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """Return a batch in one read; torch's loader calls this where it is defined.

        Parameters
        ----------
        indices
            As `Batch.indices`.
        """
        numbers = np.asarray(indices, np.int64)
        slices = numbers % len(self)
        images = torch.from_numpy(self._images[self._positions[slices]])
        labels = self._labels[torch.from_numpy(slices)]
        return Batch(images[:, None], labels, torch.from_numpy(numbers), self._lesions(slices))

    def _lesions(self, slices: NDArray[np.int64]) -> Lesions | None:
        if self._masks is None:
            return None
        cache, positions = self._masks
        masks = torch.from_numpy(cache.masks(positions[slices]))
        return Lesions(masks[:, None], torch.from_numpy(positions[slices] >= 0))


def keep(batch: Any) -> Any:
    """Collate nothing: batches are fetched whole."""
    return batch
