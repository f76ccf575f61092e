"""Hands Lightning the batches of a manifest."""

from typing import Literal

import lightning as L
from torch.utils.data import DataLoader, SequentialSampler

from brainlens.datasets.cache import Cache
from brainlens.datasets.manifest import Manifest, Row
from brainlens.datasets.mask_cache import MaskCache
from brainlens.training.config import TrainConfig
from brainlens.training.order import SeededOrder
from brainlens.training.slices import Batch, CachedSlices, keep


class ManifestData(L.LightningDataModule):
    """Training and validation slices of a manifest, read from its cache.

    Parameters
    ----------
    config
        The run's choices.
    manifest
        Rows with splits ``train`` and ``val``.
    cache
        The manifest's images.
    class_ids
        The classes in the order of the network's outputs.
    first_epoch
        The epoch that training begins with, from 0.
    masks
        The manifest's lesion masks, where the run learns from them.
    """

    def __init__(
        self,
        config: TrainConfig,
        manifest: Manifest,
        cache: Cache,
        class_ids: tuple[str, ...],
        first_epoch: int,
        masks: MaskCache | None = None,
    ) -> None:
        super().__init__()
        self._config = config
        self._first_epoch = first_epoch
        train = _labelled(manifest, class_ids, "train")
        self._patients = [row.patient or row.group_key for row in train]
        self.train_slices = _cached_slices(train, cache, class_ids, masks)
        self.val_slices = _cached_slices(
            _labelled(manifest, class_ids, "val"), cache, class_ids, masks
        )

    def train_dataloader(self) -> DataLoader[Batch]:
        """Return the training batches, in the order of seed and epoch.

        The last, smaller batch is left out: batch statistics of a few slices would disturb
        training. Which slices it held changes with every epoch's order.
        """
        rank, replicas = self._place()
        order = SeededOrder(
            len(self.train_slices),
            self._config.seed,
            rank=rank,
            replicas=replicas,
            patients=self._patients if self._config.sampling == "patients" else None,
        )
        # On resume Lightning starts the first iterator before it tells the epoch.
        order.set_epoch(self._first_epoch)
        return DataLoader(
            self.train_slices,
            batch_size=min(self._config.batch_size, len(order)),
            sampler=order,
            drop_last=True,
            num_workers=self._config.workers,
            collate_fn=keep,
        )

    def val_dataloader(self) -> DataLoader[Batch]:
        """Return the validation batches."""
        rank, replicas = self._place()
        own = range(rank, len(self.val_slices), replicas)
        return DataLoader(
            self.val_slices,
            batch_size=2 * self._config.batch_size,
            sampler=SequentialSampler(own) if replicas == 1 else list(own),
            num_workers=self._config.workers,
            collate_fn=keep,
        )

    def _place(self) -> tuple[int, int]:
        trainer = self.trainer
        return (trainer.global_rank, trainer.world_size) if trainer else (0, 1)


def _labelled(
    manifest: Manifest, class_ids: tuple[str, ...], split: Literal["train", "val"]
) -> list[Row]:
    return [row for row in manifest.select(split=split).rows if row.label in class_ids]


def _cached_slices(
    rows: list[Row], cache: Cache, class_ids: tuple[str, ...], masks: MaskCache | None
) -> CachedSlices:
    return CachedSlices(
        cache.images,
        [cache.index(row) for row in rows],
        [class_ids.index(row.label) for row in rows],
        None if masks is None else (masks, masks.indices(rows)),
    )
