"""``brainlens bundle``: bundles of networks that were trained elsewhere."""

from enum import StrEnum
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer
from pydantic import ValidationError

from brainlens.cli.console import note, say, say_disclaimer, say_json, say_table
from brainlens.cli.export import name_of
from brainlens.cli.extra import needs
from brainlens.cli.verbs import examples
from brainlens.errors import UsageError

if TYPE_CHECKING:
    from brainlens.pipeline.foreign.from_onnx import FromOnnx

app = typer.Typer(
    name="bundle",
    help="Make bundles of networks that were trained elsewhere.",
    no_args_is_help=True,
)


class LayoutName(StrEnum):
    """Where the channels are."""

    NCHW = "NCHW"
    NHWC = "NHWC"


class ScoresName(StrEnum):
    """What the model's output is."""

    logits = "logits"
    probabilities = "probabilities"


class IntensityName(StrEnum):
    """How grey values become numbers in [0, 1]."""

    full_range = "full_range"
    percentile = "percentile"


class Channels(StrEnum):
    """How often the grey slice is given."""

    one = "1"
    three = "3"


@app.command(
    "from-onnx",
    epilog=examples(
        "brainlens bundle from-onnx resnet.onnx --out bundles/resnet "
        "--classes glioma,meningioma,pituitary --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 "
        '--trained-on "Cheng set, figshare 1512427" --licence "CC BY 4.0"',
        "brainlens bundle from-onnx keras.onnx --out bundles/keras --declared-in classes "
        "--classes glioma,none,pituitary --scale 255 --trained-on 'slices of our hospital' "
        "--licence unverified",
    ),
)
def from_onnx(
    model: Annotated[
        Path, typer.Argument(help="An ONNX classifier of images, in one file.", metavar="MODEL")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the new bundle.", metavar="DIR")],
    classes: Annotated[
        str,
        typer.Option(help="Class ids in the order of the model's outputs.", metavar="A,B,…"),
    ],
    trained_on: Annotated[
        str, typer.Option(help="What it was trained on, in honest words: goes into the card.")
    ],
    licence: Annotated[
        str, typer.Option(help="The licence of that data; 'unverified' where nobody knows.")
    ],
    attribution: Annotated[str, typer.Option(help="The sentence that the licence asks for.")] = "",
    declared_in: Annotated[
        Path | None,
        typer.Option(
            help="Folder whose dataset.json declares classes that BrainLens does not know.",
            metavar="DIR",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="The model's name: a-z, 0-9, '.', '_', '-'; default made from --out.",
            metavar="NAME",
        ),
    ] = None,
    version: Annotated[str, typer.Option(help="The model's version.")] = "0.1.0",
    scale: Annotated[
        float,
        typer.Option(help="What white is before mean and std are applied: 1 or 255, mostly."),
    ] = 1.0,
    mean: Annotated[
        str,
        typer.Option(help="Subtracted after scaling: one number, or one a channel.", metavar="X,…"),
    ] = "0",
    std: Annotated[
        str, typer.Option(help="Divided by: one number, or one a channel.", metavar="X,…")
    ] = "1",
    intensity: Annotated[
        IntensityName,
        typer.Option(help="full_range: as the file has them. percentile: stretched, by slice."),
    ] = IntensityName.full_range,
    size: Annotated[
        int | None, typer.Option(help="Side of the input in pixels, where the model takes any.")
    ] = None,
    channels: Annotated[
        Channels | None, typer.Option(help="A grey slice once or three times; default: found.")
    ] = None,
    layout: Annotated[
        LayoutName | None, typer.Option(help="Channels first or last; default: found.")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(help="The output with one number a class; default: found.", metavar="NAME"),
    ] = None,
    scores: Annotated[
        ScoresName | None, typer.Option(help="What that output is; default: found.")
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(
            help="The tensor that heat maps are made of, or an output that is the embedding; "
            "default: found.",
            metavar="NAME",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what was found as JSON and nothing else.")
    ] = False,
) -> None:
    """Make a bundle of an ONNX classifier that was trained elsewhere, and check it against it."""
    with needs("train"):
        from brainlens.pipeline.foreign.choices import Choices
        from brainlens.pipeline.foreign.class_list import find_classes
        from brainlens.pipeline.foreign.from_onnx import Origin, bundle_from_onnx

    ids = [part.strip() for part in classes.split(",")]
    choices = Choices(
        scale=scale,
        mean=_numbers("--mean", mean),
        std=_numbers("--std", std),
        intensity=intensity.value,
        size=size,
        channels=None if channels is None else cast(Literal[1, 3], int(channels.value)),
        layout=None if layout is None else layout.value,
        output=output,
        scores=None if scores is None else scores.value,
        features=features,
    )
    try:
        made = bundle_from_onnx(
            model,
            out,
            name=name or name_of(out),
            version=version,
            classes=find_classes(ids, declared_in),
            origin=Origin(trained_on, licence, attribution),
            choices=choices,
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"The bundle's {place} cannot be so: {first['msg']}.") from error
    if as_json:
        say_json(_found(made))
        return
    _say(made, out)


def _numbers(option: str, text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(
            f"{option} {text} are no numbers.", hint=f"For instance: {option} 0.485,0.456,0.406."
        ) from error


def _found(made: "FromOnnx") -> dict[str, str | int | float]:
    wrapped = made.wrapped
    scores: str = made.original.scores
    if wrapped.from_probabilities:
        scores += ", of which the logarithm is taken"
    elif scores == "probabilities":
        scores += ", whose softmax was taken off"
    embedding = made.original.embedding or f"mean of {wrapped.features}"
    return {
        "input": str(made.feeding),
        "output": f"{made.original.output}: {scores}",
        "heat maps": f"{wrapped.heat_maps}, of {wrapped.features} "
        f"({wrapped.channels} x {wrapped.side} x {wrapped.side})",
        "embedding": embedding,
        "test images": made.n_images,
        "largest difference of probabilities": made.difference,
        "decision": made.bundle.info.decision_sha256,
    }


def _say(made: "FromOnnx", out: Path) -> None:
    from brainlens.bundle.cautions import cautions

    info = made.bundle.info
    for caution in cautions(info):
        say(caution, style="bold yellow")
    say_table(
        f"{info.name} {info.version}",
        ("what", "found"),
        [
            (name, f"{value:.2g}" if isinstance(value, float) else str(value))
            for name, value in _found(made).items()
        ],
    )
    if made.original.says_one_thing:
        note(
            "The model says the same of every test image: check --scale, --mean, --std and --size.",
            style="yellow",
        )
    place = quote(str(out))
    say(f"Wrote {place}. Its confidence is not calibrated, and no gate guards it.")
    say(
        f"Next: brainlens calibrate {place} --data DATA --out NEW, brainlens gates NEW --data DATA "
        f"--out GUARDED, brainlens evaluate GUARDED --data DATA"
    )
    say_disclaimer()
