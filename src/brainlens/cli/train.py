"""``brainlens train``: from a data folder to a run folder."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from brainlens.cli.console import say, say_disclaimer
from brainlens.cli.extra import needs
from brainlens.cli.resumable import resumable
from brainlens.cli.verbs import examples
from brainlens.errors import UsageError

if TYPE_CHECKING:
    from brainlens.training.config import TrainConfig

EXAMPLES = examples(
    "brainlens train --data slices --out runs/first",
    "brainlens train --data manifest.csv --out runs/reference --preset reference --seed 1",
    "brainlens train --data slices --out runs/lite --network efficientnet_lite0 --init imagenet",
    "brainlens train --data manifest.csv --out runs/guided --preset guided",
    "brainlens train --resume --out runs/first",
)


NETWORK_HELP = (
    "Architecture: simple_cnn, efficientnet_lite0, resnet18 and others (docs/networks.md), or "
    "guided:efficientnet_lite0, where there are lesion masks; "
    "hf:NAME_OR_FOLDER of Hugging Face transformers; or your own, package.module:factory."
)


class Preset(StrEnum):
    """Names of `brainlens.training.config.PRESETS`, which cannot be imported without torch."""

    reference = "reference"
    scaled = "scaled"
    default = "default"
    guided = "guided"


class Precision(StrEnum):
    """Values of `TrainConfig.precision`."""

    auto = "auto"
    full = "32-true"
    mixed = "bf16-mixed"


Init = Annotated[
    str | None,
    typer.Option(
        help="What the weights start from: random (default); imagenet, those published for the "
        "network; or a .safetensors file.",
        metavar="random|imagenet|FILE",
    ),
]
Freeze = Annotated[
    str | None,
    typer.Option(
        help="Stages that do not learn: how many, counted from the input, or the last one's name.",
        metavar="STAGES",
    ),
]
LayerDecay = Annotated[
    float | None,
    typer.Option(
        help="Each stage learns at this share of the rate of the stage behind it, for instance 0.8."
    ),
]
LesionWeight = Annotated[
    float | None,
    typer.Option(
        help="Weight of the lesion masks' loss, for networks guided:NAME; 0 trains NAME unguided."
    ),
]
NetworkOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Option of the network, for instance stride=16; may be repeated.",
        metavar="NAME=VALUE",
    ),
]


class Logger(StrEnum):
    """Values of `TrainConfig.loggers`."""

    csv = "csv"
    tensorboard = "tensorboard"
    mlflow = "mlflow"


def train(
    out: Annotated[Path, typer.Option("--out", help="Folder of the run.", metavar="RUN")],
    data: Annotated[
        Path | None,
        typer.Option(
            help="ROOT of ROOT/{train,test[,val]}/CLASS/*, or a manifest. With --resume it may be "
            "left out: the run knows.",
            metavar="PATH",
        ),
    ] = None,
    preset: Annotated[
        Preset,
        typer.Option(
            help="reference: the published protocol and nothing else. scaled: with robust "
            "intensity scaling. default: with a schedule and augmentation too. guided: a "
            "pretrained network that learns from lesion masks as well (docs/lesion-guidance.md)."
        ),
    ] = Preset.default,
    network: Annotated[str | None, typer.Option(help=NETWORK_HELP)] = None,
    network_option: NetworkOption = None,
    init: Init = None,
    freeze: Freeze = None,
    layer_decay: LayerDecay = None,
    lesion_weight: LesionWeight = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training slices.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Slices a step.")] = None,
    lr: Annotated[float | None, typer.Option("--lr", help="Largest learning rate.")] = None,
    size: Annotated[int | None, typer.Option(help="Side of the network's input in pixels.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of weights, order and augmentation.")] = None,
    val_fraction: Annotated[
        float | None,
        typer.Option(help="Share kept for validation, in whole groups, where none is given."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out where it stopped.")
    ] = False,
    allow_leaky_split: Annotated[
        bool,
        typer.Option(
            "--allow-leaky-split",
            help="Train although a patient or a copy is on both sides; everything made says so.",
        ),
    ] = False,
    logger: Annotated[
        list[Logger] | None, typer.Option(help="Write to this tracker too; may be repeated.")
    ] = None,
    accelerator: Annotated[str | None, typer.Option(help="cpu, gpu, … or auto.")] = None,
    devices: Annotated[str | None, typer.Option(help="How many, which (0,1), or auto.")] = None,
    precision: Annotated[
        Precision | None, typer.Option(help="auto takes what helps on this machine.")
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(help="Of a CPU run; the same weights, bit for bit, need the same number."),
    ] = None,
    cache_folder: Annotated[
        Path | None, typer.Option(help="Where decoded images are kept; default beside RUN.")
    ] = None,
) -> None:
    """Train a network on a folder of slices or a manifest."""
    chosen: dict[str, Any] = {
        "network": network,
        **start_choices(network_option, init, freeze, layer_decay),
        "lesion_weight": lesion_weight,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": lr,
        "seed": seed,
        "val_fraction": val_fraction,
        "allow_leaky_split": allow_leaky_split or None,
        "loggers": tuple(one.value for one in logger) if logger else None,
        "accelerator": accelerator,
        "devices": int(devices) if devices is not None and devices.isdigit() else devices,
        "precision": precision.value if precision else None,
        "threads": threads,
        "cache_folder": cache_folder,
    }
    changes = {name: value for name, value in chosen.items() if value is not None}
    with needs("train"):
        from brainlens.training.run import train as run_training
    if data is not None:
        config = training_config(preset.value, data, size, changes)
    elif resume:
        config = _recorded(out, [*changes, *(["size"] if size else [])])
    else:
        raise UsageError("There is no data to train on.", hint="Name it: --data PATH.")
    with resumable(f"Go on with: brainlens train --resume --out {out}"):
        run_training(config, out, resume=resume)
    say(f"The run is in {out}: curves.png shows it. Next: brainlens export {out} --out BUNDLE")
    say_disclaimer()


def start_choices(
    options: list[str] | None, init: str | None, freeze: str | None, layer_decay: float | None
) -> dict[str, Any]:
    """Return what options say of the network's start, as fields of `TrainConfig`; None: unsaid."""
    return {
        "network_options": dict(map(_network_option, options)) if options else None,
        "init": init,
        "freeze": int(freeze) if freeze is not None and freeze.isdigit() else freeze,
        "layer_decay": layer_decay,
    }


def _network_option(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise UsageError(
            f"{text!r} is no option of a network.", hint="Write it as NAME=VALUE, like stride=16."
        )
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value  # a text without quotes


def training_config(
    name: str, data: Path, size: int | None, changes: dict[str, Any]
) -> "TrainConfig":
    """Return the configuration of a preset with the changes that options asked for."""
    from brainlens.training.config import PRESETS, preset

    if size is not None:
        spec = PRESETS[name]["preprocess"]  # type: ignore[index]  # the names are those of Preset
        changes = changes | {"preprocess": spec.model_dump() | {"size": size}}
    return preset(name, data, **changes)  # type: ignore[arg-type]  # likewise


def _recorded(run: Path, changed: list[str]) -> "TrainConfig":
    """Return the configuration that a run was started with."""
    from brainlens.training.record import read_run

    if changed:
        raise UsageError(
            f"With --resume and no --data the run's own options hold; {', '.join(changed)} cannot "
            "be changed.",
            hint="Leave those options out, or start a new run.",
        )
    return read_run(run).config
