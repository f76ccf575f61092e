"""What a person sees of a training run: one bar, and one short line an epoch."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import RichProgressBar
from rich.console import Console
from rich.progress import Progress as RichProgress

from brainlens.datasets.manifest import Progress
from brainlens.training.checkpoints import history_of
from brainlens.training.history import EpochRecord


class EpochProgress(RichProgressBar):
    """Lightning's bar for the epoch at work, and one line for each that is done."""

    def __init__(self) -> None:
        super().__init__(refresh_rate=1, leave=False)
        self._said = 0

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Show the bar; epochs done before a resume are not said again."""
        super().on_train_start(trainer, pl_module)
        self._said = len(history_of(pl_module))

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Say what the epoch before came to: its record is complete now."""
        self._say(trainer, pl_module)
        super().on_train_epoch_start(trainer, pl_module)

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Say what the last epoch came to."""
        self._say(trainer, pl_module)

    def get_metrics(self, trainer: L.Trainer, pl_module: L.LightningModule) -> dict[str, Any]:
        """Return the loss alone: Lightning adds version numbers of loggers."""
        metrics = super().get_metrics(trainer, pl_module)
        return {name: value for name, value in metrics.items() if name == "loss"}

    def _get_train_description(self, current_epoch: int) -> str:
        # Lightning counts from 0; the history, the lines above the bar and people count from 1.
        return f"Epoch {current_epoch + 1}/{self.trainer.max_epochs}"

    def _say(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        console = self.progress.console if self.progress else Console()
        for record in history_of(module)[self._said :]:
            line = epoch_line(record, trainer.max_epochs or 0)
            console.print(line, highlight=False, soft_wrap=True)
            self._said += 1


def epoch_line(record: EpochRecord, epochs: int) -> str:
    """Return one line about an epoch."""
    return (
        f"epoch {record.epoch:>{len(str(epochs))}}/{epochs}"
        f"  train loss {record.train_loss:.3f}, accuracy {record.train_accuracy:.1%}"
        f"  val loss {record.val_loss:.3f}, accuracy {record.val_accuracy:.1%}"
        f"  {record.seconds:.0f} s"
    )


@contextmanager
def bar(title: str, *, shown: bool) -> Iterator[Progress | None]:
    """Show a bar while work that counts (done, total) goes on; it vanishes when all is done."""
    if not shown:
        yield None
        return
    with RichProgress(transient=True) as progress:
        task = progress.add_task(title, total=None)

        def update(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield update
