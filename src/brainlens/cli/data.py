"""``brainlens data``: manifests, splits, synthetic sets, audits."""

from enum import StrEnum
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from brainlens.cli import data_audit, data_fetch, data_split
from brainlens.cli.console import progress, say
from brainlens.cli.data_split import say_counts
from brainlens.cli.labels import parse_map
from brainlens.cli.verbs import examples

app = typer.Typer(
    name="data", help="Make and audit manifests, splits and synthetic sets.", no_args_is_help=True
)


app.command(epilog=data_audit.EXAMPLES)(data_audit.audit)
app.command(epilog=data_split.EXAMPLES)(data_split.split)
app.add_typer(data_fetch.app)
app.command("sample", epilog=data_fetch.SAMPLE_EXAMPLES)(data_fetch.sample)


class Layout(StrEnum):
    """How a phantom set lies in its folder."""

    manifest = "manifest"
    folders = "folders"


@app.command(
    "import-cheng",
    epilog=examples(
        "brainlens data import-cheng cheng --out manifest.csv",
    ),
)
def import_cheng(
    folder: Annotated[
        Path, typer.Argument(help="Holds slices.csv, images and masks.", metavar="DIR")
    ],
    out: Annotated[
        Path, typer.Option(help="The manifest to write.", metavar="FILE", dir_okay=False)
    ],
) -> None:
    """Make the manifest of the Cheng set (figshare 1512427), with patients, groups and folds."""
    from brainlens.datasets.cheng import import_cheng as write_manifest

    with progress("Hashing") as update:
        manifest = write_manifest(folder, out, progress=update)
    say_counts(manifest)
    say(f"Wrote {out}. Next: brainlens data split {quote(str(out))} --out split.csv")


@app.command(
    "phantom",
    epilog=examples(
        "brainlens data phantom phantoms --slices 300 --seed 1",
        "brainlens data phantom leaky --slices 300 --seed 1 --layout folders --copies 30",
    ),
)
def phantom(
    out: Annotated[Path, typer.Argument(help="The folder to make.", metavar="DIR")],
    slices: Annotated[int, typer.Option(help="How many, copies not counted.")],
    seed: Annotated[int, typer.Option(help="Another seed, another set.")] = 0,
    size: Annotated[int, typer.Option(help="Width and height in pixels.")] = 256,
    copies: Annotated[
        int, typer.Option(help="Copies of training slices to plant in test, as a trap.")
    ] = 0,
    no_lesion: Annotated[
        bool, typer.Option("--no-lesion", help="Add a class of heads without a lesion.")
    ] = False,
    layout: Annotated[
        Layout, typer.Option(help="A manifest with masks and patients, or class folders.")
    ] = Layout.manifest,
    name: Annotated[
        list[str] | None,
        typer.Option(help="Another name for a class; may be repeated.", metavar="CLASS=NAME"),
    ] = None,
) -> None:
    """Draw a synthetic set: heads with three kinds of lesion, marked synthetic."""
    from brainlens.datasets.phantom.write import write_phantoms

    names = parse_map(name, option="--name")
    with progress("Drawing") as update:
        manifest = write_phantoms(
            out,
            slices,
            seed,
            size=size,
            copies=copies,
            no_lesion=no_lesion,
            layout=layout.value,
            class_names=names,
            progress=update,
        )
    say_counts(manifest)
    say(
        f"Wrote {out}. Synthetic: no patient was imaged. "
        f"Next: brainlens train --data {quote(str(out))}"
    )
