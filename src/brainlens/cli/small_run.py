"""Options of the verbs that train small models to find something out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from brainlens.cli.train import Precision, Preset

if TYPE_CHECKING:
    from brainlens.pipeline.small_run import SmallRun

Data = Annotated[
    Path,
    typer.Option(
        help="A data folder or a manifest. A split in it is kept; else one fold of whole groups "
        "is held out.",
        metavar="PATH",
    ),
]
Out = Annotated[
    Path,
    typer.Option(
        help="Folder for runs, bundles and the result; where it holds the same test, begun and "
        "stopped, that goes on.",
        metavar="DIR",
    ),
]
PresetOption = Annotated[Preset, typer.Option(help="Recipe of the trainings, as for train.")]
Epochs = Annotated[int, typer.Option(help="Passes over the training slices.")]
Size = Annotated[int, typer.Option(help="Side of the network's input in pixels.")]
BatchSize = Annotated[int, typer.Option(help="Slices a step.")]
Seed = Annotated[int, typer.Option(help="Of split, weights and order.")]
ValFraction = Annotated[
    float, typer.Option(help="Share kept for validation, in whole groups, where none is given.")
]
Accelerator = Annotated[str, typer.Option(help="cpu, gpu, … or auto.")]
PrecisionOption = Annotated[Precision, typer.Option(help="auto takes what helps on this machine.")]
Threads = Annotated[int | None, typer.Option(help="Of a CPU run.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")]


def small_run(preset: Preset, precision: Precision, **choices: Any) -> "SmallRun":
    """Return the choices of the trainings."""
    from brainlens.pipeline.small_run import SmallRun

    return SmallRun(preset=preset.value, precision=precision.value, **choices)


def interval_text(interval: tuple[float, float] | None) -> str:
    """Return an interval as tables show it."""
    return "–" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"
