"""What Lightning runs: one training step, one validation step, the optimiser."""

import time
from typing import Any, Self

import lightning as L
import numpy as np
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.nn import functional

from brainlens.errors import DivergedTraining
from brainlens.imaging.preprocess import standardise
from brainlens.networks import Network
from brainlens.networks.guided import GuidedNetwork
from brainlens.training.augmentation import Draws, augment, augment_masks, draw
from brainlens.training.config import TrainConfig
from brainlens.training.depthwise import DepthwiseGradients
from brainlens.training.history import EpochRecord
from brainlens.training.lesion_loss import LesionTally, lesion_loss, placed_loss
from brainlens.training.mr_artefacts import STRIP
from brainlens.training.schedule import Schedule
from brainlens.training.skull_strip import strip
from brainlens.training.slices import Batch, Lesions
from brainlens.training.stages import freeze, parameter_groups
from brainlens.training.tally import Tally
from brainlens.training.weight_average import WeightAverage


class Classifier(L.LightningModule):
    """Trains a network by cross-entropy, and by outlines where there are any; keeps the history.

    Parameters
    ----------
    network
        The network; its weights are trained in place.
    config
        The run's choices, settled for the machine.

    Attributes
    ----------
    history
        One record an epoch; part of every checkpoint, so that it survives a kill with the weights.
    """

    def __init__(self, network: Network, config: TrainConfig) -> None:
        super().__init__()
        self.network = network
        self.config = config
        self.history: list[EpochRecord] = []
        self._frozen = freeze(network, config.freeze)
        self.average: WeightAverage | None = None
        levels = np.arange(config.preprocess.levels, dtype=np.uint8)
        self._levels: Tensor
        self.register_buffer(
            "_levels", torch.from_numpy(standardise(levels, config.preprocess)), persistent=False
        )
        self._memory = torch.channels_last if config.channels_last else torch.contiguous_format
        self.network.to(memory_format=self._memory)  # type: ignore[call-overload]  # torch's stubs leave out this keyword
        if config.ema_decay:
            self.average = WeightAverage(network, config.ema_decay)
        # Lightning leaves the modes as it finds them.
        self.train()

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return the optimiser and the schedule, which moves with every step."""
        config = self.config
        kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
        optimizer = kind(
            parameter_groups(self.network, config.learning_rate, config.layer_decay),
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, self._schedule().share)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def train(self, mode: bool = True) -> Self:
        """Set the mode of all that is not frozen."""
        super().train(mode)
        for module in self._frozen:
            module.eval()
        return self

    def on_train_epoch_start(self) -> None:
        """Start the epoch's sums."""
        self._started = time.perf_counter()
        self._train, self._val = Tally(self.device), Tally(self.device)
        self._dice = LesionTally(self.device)

    def training_step(self, batch: Batch, batch_index: int) -> Tensor:
        """Return the mean loss of a batch."""
        # Dropout draws from torch's global state, and so does each new loader. Keyed by step (and
        # process), a step replayed after an interruption drops the same units.
        key = [self.config.seed, self.global_step, self.global_rank]
        torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1, np.uint32)[0]))
        image, lesions = self._varied(batch)
        with DepthwiseGradients():
            outputs = self.network(image)
        loss = functional.cross_entropy(
            outputs.logits.float(), batch.labels, label_smoothing=self.config.label_smoothing
        )
        if lesions is not None and outputs.lesion is not None:
            lesion = lesion_loss(outputs.lesion, lesions.masks, lesions.known)
            loss = loss + self.config.lesion_weight * lesion
            if self.config.placed_weight and isinstance(self.network, GuidedNetwork):
                placed = placed_loss(self.network.placed_logits(outputs), batch.labels, lesions)
                loss = loss + self.config.placed_weight * placed
        if not torch.isfinite(loss):
            raise DivergedTraining(
                f"The loss became {loss.item()} in epoch {self.current_epoch + 1}, "
                f"step {batch_index + 1}.",
                hint="Start again in a new folder with a smaller learning rate, or with "
                "precision 32-true if it is bf16-mixed now.",
            )
        self._train.add(outputs.logits, batch.labels)
        self.log("loss", loss, prog_bar=True, logger=False, batch_size=len(batch.labels))
        return loss

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_index: int) -> None:
        """Let the average follow the step that was taken."""
        if self.average is not None:
            self.average.follow(self.network, self.global_step - 1)

    def validation_step(self, batch: Batch, batch_index: int) -> None:
        """Count a validation batch."""
        network = self.network if self.average is None else self.average.network
        outputs = network(self.prepare(batch))
        self._val.add(outputs.logits, batch.labels)
        if batch.lesions is not None and outputs.lesion is not None:
            self._dice.add(outputs.lesion, batch.lesions)

    def on_train_epoch_end(self) -> None:
        """Add the epoch to the history and tell the loggers; validation is over by then."""
        train = Tally.means(self._over_processes(self._train.sums))
        val = Tally.means(self._over_processes(self._val.sums))
        record = EpochRecord(
            epoch=self.current_epoch + 1,
            train_loss=train[0],
            train_accuracy=train[1],
            val_loss=val[0],
            val_accuracy=val[1],
            val_confident_correct=val[2],
            learning_rate=self._last_learning_rate(),
            seconds=round(time.perf_counter() - self._started, 3),
            val_lesion_dice=LesionTally.mean(self._over_processes(self._dice.sums)),
        )
        self.history.append(record)
        self.log_dict(
            {k: float(v) for k, v in record.to_dict().items() if k != "epoch"},
            # Equal in every process by now; Lightning asks that this be said.
            sync_dist=True,
        )

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the history with the weights."""
        checkpoint["history"] = [record.to_dict() for record in self.history]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take the history back."""
        self.history = [EpochRecord.model_validate(row) for row in checkpoint["history"]]

    def prepare(self, batch: Batch) -> Tensor:
        """Return the network's input, float32 [B, 1, S, S], not augmented.

        It equals `imaging.standardise` bit for bit: its values are looked up.
        """
        return self._levels[batch.images.int()].contiguous(memory_format=self._memory)

    def _varied(self, batch: Batch) -> tuple[Tensor, Lesions | None]:
        """Return the network's input and the outlines, augmented alike where that is wanted."""
        augmentation, spec = self.config.augmentation, self.config.preprocess
        if augmentation is None:
            return self.prepare(batch), batch.lesions
        draws = self._draws(batch)
        shares, zoom = batch.images.float() / (spec.levels - 1), None
        if augmentation.strip_chance:
            drawn = draws.artefacts[:, STRIP]
            shares, zoom = strip(shares, drawn, augmentation.strip_chance)
        varied = (augment(shares, draws, augmentation, zoom) - spec.mean) / spec.std
        lesions = batch.lesions
        if lesions is not None:
            moved = augment_masks(lesions.masks, draws, augmentation, zoom)
            lesions = lesions._replace(masks=moved)
        return varied.contiguous(memory_format=self._memory), lesions

    def _draws(self, batch: Batch) -> Draws:
        indices = batch.indices.cpu().numpy()
        return draw(self.config.seed, self.current_epoch, indices, self.config.preprocess.size)

    def _over_processes(self, sums: Tensor) -> Tensor:
        reduced = self.trainer.strategy.reduce(sums, reduce_op="sum")
        if not isinstance(reduced, Tensor):
            raise TypeError("the strategy reduces tensors to tensors")
        return reduced

    def _schedule(self) -> Schedule:
        steps = int(self.trainer.estimated_stepping_batches)
        warmup = round(self.config.warmup_epochs * steps / self.config.epochs)
        return Schedule(self.config.schedule, steps, warmup)

    def _last_learning_rate(self) -> float:
        # The optimiser has already been set to the next epoch's first step.
        return self.config.learning_rate * self._schedule().share(self.global_step - 1)
