"""Checkpoints that survive a kill at any moment."""

import io
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO
from lightning.pytorch.callbacks import Checkpoint

from brainlens.datasets.split_check import SplitStatus
from brainlens.errors import RunError
from brainlens.files import write_bytes
from brainlens.training.config import Criterion
from brainlens.training.history import EpochRecord, best_record, write_history

FOLDER = "checkpoints"
HISTORY = "history.json"


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes a checkpoint whole or not at all."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None
    ) -> None:
        """Serialise in memory, then write atomically."""
        if storage_options is not None:
            raise TypeError("checkpoints go to a local file; there are no storage options")
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        write_bytes(Path(path), buffer.getvalue())


class EpochCheckpoints(Checkpoint):
    """Writes ``best.ckpt``, ``last.ckpt`` and ``history.json`` at the end of each epoch.

    In this order: a kill between two of them leaves an older ``last``, from which the epoch is
    replayed and all three are written again. The history is also inside each checkpoint.

    Parameters
    ----------
    run_dir
        The run's folder.
    criterion
        What the best epoch is.
    split_check
        Of the run's data; the history says it.
    """

    def __init__(self, run_dir: Path, criterion: Criterion, split_check: SplitStatus) -> None:
        self._run_dir = run_dir
        self._criterion = criterion
        self._split_check = split_check

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Save; Lightning calls checkpoint callbacks after all else that ends an epoch."""
        history = history_of(pl_module)
        if best_record(history, self._criterion) == history[-1]:
            trainer.save_checkpoint(checkpoint_path(self._run_dir, "best"))
        trainer.save_checkpoint(checkpoint_path(self._run_dir, "last"))
        if trainer.is_global_zero:
            write_history(self._run_dir / HISTORY, history, self._split_check)


def history_of(module: L.LightningModule) -> list[EpochRecord]:
    """Return the history of a `Classifier`."""
    history: list[EpochRecord] = module.history  # type: ignore[assignment]  # nn.Module types every attribute as Tensor | Module
    return history


def checkpoint_path(run_dir: Path, which: str) -> Path:
    """Return where the checkpoint ``best`` or ``last`` of a run is."""
    return run_dir / FOLDER / f"{which}.ckpt"


def load_checkpoint(run_dir: Path, which: str) -> dict[str, Any]:
    """Load a checkpoint on the CPU without unpickling anything but tensors and plain values.

    Raises
    ------
    RunError
        If it is missing or damaged.
    """
    path = checkpoint_path(run_dir, which)
    if not path.is_file():
        raise RunError(
            f"{run_dir} has no checkpoint {which!r}.",
            hint="Name a training run's folder in which at least one epoch was finished.",
        )
    try:
        checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds on damaged files
        raise RunError(
            f"{path} is damaged: {error}", hint="Train again, or use the run's other checkpoint."
        ) from error
    return checkpoint
