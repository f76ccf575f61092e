"""``brainlens export``: from a run folder to a bundle."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from brainlens.cli.console import say, say_disclaimer
from brainlens.cli.extra import needs
from brainlens.cli.verbs import examples
from brainlens.errors import UsageError

EXAMPLES = examples(
    "brainlens export runs/first --out bundles/first",
    "brainlens export runs/first --out bundles/small --name small --half",
    "brainlens export simple-cnn --out bundles/small --half",
)


class Checkpoint(StrEnum):
    """Which of a run's weights."""

    best = "best"
    last = "last"


def export(
    source: Annotated[
        Path,
        typer.Argument(
            help="Folder of a run, or a bundle to export again: a folder, or the name of one that "
            "ships.",
            metavar="RUN",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the new bundle.", metavar="DIR")],
    name: Annotated[
        str | None,
        typer.Option(
            help="The model's name: a-z, 0-9, '.', '_', '-'; default made from --out.",
            metavar="NAME",
        ),
    ] = None,
    version: Annotated[str, typer.Option(help="The model's version.")] = "0.1.0",
    half: Annotated[
        bool, typer.Option("--half", help="Store weights once, in half precision.")
    ] = False,
    checkpoint: Annotated[
        Checkpoint, typer.Option(help="The best epoch's weights or the last one's.")
    ] = Checkpoint.best,
    network: Annotated[
        str | None,
        typer.Option(
            help="For a bundle of a network of somebody's own: its name, to say that its module "
            "may be imported.",
            metavar="MODULE:FACTORY",
        ),
    ] = None,
    without_seen: Annotated[
        bool,
        typer.Option(
            "--without-seen",
            help="Keep no hashes of the training images: for private data. The model then cannot "
            "say what it was trained on.",
        ),
    ] = False,
) -> None:
    """Write the bundle of a run: what `serve`, `predict` and `evaluate` take."""
    with needs("train"):
        from brainlens.training.export import export as write_bundle
        from brainlens.training.record import CONFIG
    from brainlens.bundle import find

    try:
        bundle = write_bundle(
            source if (source / CONFIG).is_file() else find(source),
            out,
            name=name or name_of(out),
            version=version,
            half=half,
            checkpoint=checkpoint.value,
            seen=not without_seen,
            network=network,
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"The bundle's {place} cannot be {first['input']!r}: {first['msg']}.",
            hint=f"Choose another: --{place}.",
        ) from error
    say(f"Wrote the bundle {bundle.info.name} {bundle.info.version} to {out}.")
    say(f"It decides as {bundle.info.decision_sha256}.")
    say(f"Next: brainlens evaluate {out} --data DATA, or brainlens serve --bundle mine={out}")
    say_disclaimer()


def name_of(folder: Path) -> str:
    """Return a model's name made from a folder's."""
    return re.sub(r"[^a-z0-9._-]+", "-", folder.resolve().name.lower()).lstrip("._-") or "model"
