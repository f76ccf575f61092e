"""A small, quick training: what a test that trains needs, and no more."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from brainlens.training.config import PRESETS, Preset, TrainConfig, preset


@dataclass(frozen=True)
class SmallRun:
    """The choices of every training of one test.

    Attributes
    ----------
    preset
        What the choices start from, see `brainlens.training.config.preset`.
    epochs, size
        Passes over the training slices, and side of the network's input in pixels: both far below
        those of a network that ships, for what is asked is whether there is something to learn.
    seed
        Of the split, the weights and the order.
    val_fraction
        Share of the training slices, in whole groups, kept for validation where none is given.
    accelerator, precision, threads
        See `TrainConfig`.
    """

    preset: Preset = "default"
    epochs: int = 15
    size: int = 64
    batch_size: int = 32
    seed: int = 0
    val_fraction: float = 0.15
    accelerator: str = "auto"
    precision: str = "auto"
    threads: int | None = None

    def config(self, data: Path, cache_folder: Path, **changes: Any) -> TrainConfig:
        """Return the choices of one run.

        Parameters
        ----------
        data
            Its manifest.
        cache_folder
            Where decoded images are kept.
        **changes
            Fields of `TrainConfig` in which this run differs from the others.

        Raises
        ------
        UsageError
            If one is out of range.
        """
        of_preset = PRESETS[self.preset]["preprocess"]
        return preset(
            self.preset,
            data,
            epochs=self.epochs,
            batch_size=self.batch_size,
            preprocess=of_preset.model_dump() | {"size": self.size},
            seed=self.seed,
            val_fraction=self.val_fraction,
            accelerator=self.accelerator,
            precision=self.precision,
            threads=self.threads,
            cache_folder=cache_folder,
            **changes,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold of it."""
        return asdict(self)
