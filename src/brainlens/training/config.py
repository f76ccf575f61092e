"""What a training run is: every choice, so that the same choices give the same weights."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from brainlens.errors import UsageError
from brainlens.imaging.spec import PreprocessSpec
from brainlens.training.augmentation_spec import AugmentationSpec

Preset = Literal["reference", "scaled", "default", "guided"]
Criterion = Literal["val_accuracy", "val_loss"]
LoggerName = Literal["csv", "tensorboard", "mlflow"]
OptionValue = int | float | str | bool | list[int]


class TrainConfig(BaseModel):
    """The choices of one run; `config.json` of the run folder holds them.

    Attributes
    ----------
    data
        Data folder or manifest.
    preset
        The preset the choices started from; the fields say what they are now.
    network, network_options
        Architecture by name, and its options (its defaults where left out).
    init
        What the weights start from: ``random``; ``imagenet``, those published for the network; or
        a ``.safetensors`` file; see `brainlens.training.start`.
    freeze
        Stages that do not learn: how many, counted from the input, or the name of the last.
    layer_decay
        Each stage learns at this share of the rate of the stage behind it; 1 is one rate for all.
    preprocess
        From decoded pixels to the network's input.
    epochs, batch_size, learning_rate
        Passes over the training slices, slices per step, Adam's largest step size.
    optimizer, weight_decay
        ``adam``, whose decay is an L2 penalty, or ``adamw``, whose decay is apart from the
        gradient (Loshchilov and Hutter, 2019). Without decay they are the same.
    schedule, warmup_epochs
        ``constant``: the learning rate never changes. ``cosine``: it rises linearly over
        ``warmup_epochs``, then falls to 0 along half a cosine.
    augmentation
        Ranges of the random changes of training images, or None for none.
    sampling
        ``slices``: an epoch shows every training slice once. ``patients``: as many slices, of a
        patient with n of them in proportion to √n; see `brainlens.training.order.SeededOrder`.
    label_smoothing
        Share of the target spread evenly over the classes; losses in the history are without it.
    lesion_weight
        Weight of the lesion map's loss beside the classification's, for networks that have one
        (``guided:…``). Where it is 0, or no training slice has a lesion mask, the backbone is
        trained without guidance.
    placed_weight
        Weight of the class's loss at each place of the lesion by itself, for guided networks; see
        `brainlens.training.lesion_loss.placed_loss`.
    ema_decay
        Decay of a moving average of the weights, which then is what is validated and exported; 0
        for none. See `brainlens.training.weight_average`.
    best
        What the best epoch is: ``val_accuracy`` (the lower loss decides between equals), or
        ``val_loss``.
    val_fraction
        Share of the training slices, in whole groups, kept for validation where the data name no
        validation split.
    allow_leaky_split
        Train although a patient or a copy is on both sides; everything made says so.
    seed
        Decides start weights, order, augmentation and dropout.
    precision, channels_last
        ``auto`` (None for the latter) is replaced by what helps on this machine when a run
        starts; see `brainlens.training.hardware`.
    threads
        Threads of a CPU run; None is replaced by torch's own choice when a run starts. The same
        weights, bit for bit, need the same number.
    accelerator, devices
        Passed to Lightning.
    workers
        Processes that load batches; 0 suits the memory-mapped cache.
    loggers
        Experiment trackers that Lightning writes to besides the run's own history.
    cache_folder
        Where decoded images are kept; None is ``cache`` beside the run folder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    data: Path
    preset: Preset = "default"
    network: str = "simple_cnn"
    network_options: dict[str, OptionValue] = {}
    init: str = Field(default="random", pattern=r"^(random|imagenet|.+\.safetensors)$")
    freeze: Annotated[int, Field(ge=0)] | str = 0
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    preprocess: PreprocessSpec = PreprocessSpec()
    epochs: int = Field(default=30, ge=1)
    batch_size: int = Field(default=32, ge=2)
    learning_rate: float = Field(default=5e-4, gt=0)
    optimizer: Literal["adam", "adamw"] = "adam"
    weight_decay: float = Field(default=0.0, ge=0)
    schedule: Literal["constant", "cosine"] = "cosine"
    warmup_epochs: float = Field(default=1.0, ge=0)
    augmentation: AugmentationSpec | None = AugmentationSpec()
    sampling: Literal["slices", "patients"] = "slices"
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    lesion_weight: float = Field(default=1.0, ge=0)
    placed_weight: float = Field(default=0.0, ge=0)
    ema_decay: float = Field(default=0.0, ge=0, lt=1)
    best: Criterion = "val_accuracy"
    val_fraction: float = Field(default=0.15, gt=0, lt=1)
    allow_leaky_split: bool = False
    seed: int = Field(default=0, ge=0, lt=2**32)
    precision: Literal["auto", "32-true", "bf16-mixed"] = "auto"
    channels_last: bool | None = None
    threads: int | None = Field(default=None, ge=1)
    accelerator: str = "auto"
    devices: int | str = "auto"
    workers: int = Field(default=0, ge=0)
    loggers: tuple[LoggerName, ...] = ()
    cache_folder: Path | None = None


_REFERENCE: dict[str, Any] = {
    # The reference protocol: 30 epochs, Adam, 5e-4, batch 32, cross-entropy, images resized and
    # scaled to [0, 1], nothing else. What it leaves open and is chosen here: 128 px, the
    # network's widths and dropout, and what the best epoch is.
    "preprocess": PreprocessSpec(intensity="full_range"),
    "epochs": 30,
    "batch_size": 32,
    "learning_rate": 5e-4,
    "weight_decay": 0.0,
    "schedule": "constant",
    "warmup_epochs": 0.0,
    "augmentation": None,
}
_SCALED = _REFERENCE | {"preprocess": PreprocessSpec(intensity="percentile")}
_DEFAULT = _SCALED | {
    "schedule": "cosine",
    "warmup_epochs": 1.0,
    "augmentation": AugmentationSpec(),
}
_GUIDED = _DEFAULT | {
    # Chosen on validation patients: experiments/search.md.
    "network": "guided:efficientnet_lite0",
    "init": "imagenet",
    "preprocess": PreprocessSpec(intensity="percentile", crop="head", size=192),
    "epochs": 10,
    "learning_rate": 1e-3,
    "optimizer": "adamw",
    "weight_decay": 0.01,
    "sampling": "patients",
    "label_smoothing": 0.05,
    "lesion_weight": 1.0,
    "placed_weight": 0.5,
    "ema_decay": 0.99,
    "augmentation": AugmentationSpec(
        bias_field=0.4,
        strip_chance=0.15,
        artefact_chance=0.1,
        crop=0.2,
        padding=0.25,
        motion=2.0,
        ghosting=0.4,
        resolution=3.0,
        jpeg_quality=30.0,
    ),
}
PRESETS: dict[Preset, dict[str, Any]] = {
    "reference": _REFERENCE,
    "scaled": _SCALED,
    "default": _DEFAULT,
    "guided": _GUIDED,
}


def preset(name: Preset, data: Path, **changes: Any) -> TrainConfig:
    """Return the configuration of a preset.

    Parameters
    ----------
    name
        ``reference``: the reference protocol and nothing else. ``scaled``: reference with robust
        intensity scaling per slice. ``default``: scaled with a learning-rate schedule and
        augmentation. ``guided``: a pretrained network that learns from lesion masks too, with the
        schedule, averaging and augmentation of `docs/lesion-guidance.md`.
    data
        Data folder or manifest.
    **changes
        Fields of `TrainConfig` that differ from the preset.

    Raises
    ------
    UsageError
        If the preset or a field is unknown, or a value is out of range.
    """
    if name not in PRESETS:
        raise UsageError(
            f"No preset is called {name!r}.", hint=f"Choose one of: {', '.join(PRESETS)}."
        )
    # pydantic's ValidationError is a ValueError; one kind of error for callers.
    return _checked(lambda: TrainConfig(data=data, preset=name, **(PRESETS[name] | changes)))


def _checked(build: Callable[[], TrainConfig]) -> TrainConfig:
    try:
        return build()
    except ValueError as error:
        raise UsageError(
            f"The training options cannot be used: {error}", hint="Mend the option named above."
        ) from error
