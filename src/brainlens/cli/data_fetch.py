"""``brainlens data fetch`` and ``sample``: public sets, brought here and checked."""

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Final

import typer

from brainlens.cli.console import note, progress, say, transfer
from brainlens.cli.data_split import say_counts
from brainlens.cli.extra import needs
from brainlens.cli.verbs import examples
from brainlens.words import NOT_A_DEVICE

if TYPE_CHECKING:
    from brainlens.datasets.manifest import Manifest

app = typer.Typer(
    name="fetch", help="Fetch a public set, and check what came.", no_args_is_help=True
)

SAMPLE_EXAMPLES: Final = examples("brainlens data sample --out sample")

Out = Annotated[Path, typer.Option(help="A new folder, or one to go on with.", metavar="DIR")]
Mirror = Annotated[
    str | None,
    typer.Option(
        help="A server with the paths of figshare's API, to use in place of it.", metavar="URL"
    ),
]


@app.command(
    "cheng",
    epilog=examples(
        "brainlens data fetch cheng --out cheng",
        "brainlens data split cheng/manifest.csv --out cheng/fold1.csv --test-fold 1",
    ),
)
def cheng(
    out: Out,
    mirror: Mirror = None,
    keep_archives: Annotated[
        bool, typer.Option("--keep-archives", help="Keep what was downloaded, in DIR/archives.")
    ] = False,
) -> None:
    """Fetch the Cheng set: 3064 slices, some 0.9 GB; goes on where it broke off.

    Slices become 16-bit PNG without loss, with masks, patients, groups and official folds. Files
    downloaded in a browser are taken from DIR/archives.
    """
    with needs("data"):
        from brainlens.datasets.fetch.cheng import fetch_cheng

    manifest = fetch_cheng(
        out, mirror=mirror, keep_archives=keep_archives, transfer=transfer, stage=progress
    )
    _say(manifest, out)
    say(f"Next: brainlens data split {quote(str(out))} --out {quote(str(out / 'split.csv'))}")


@app.command("multi-cancer", epilog=examples("brainlens data fetch multi-cancer --out brain"))
def multi_cancer(
    out: Out,
    test_fraction: Annotated[float, typer.Option(help="Share of each class for test.")] = 0.2,
    seed: Annotated[int, typer.Option(help="Another seed, another split.")] = 0,
) -> None:
    """Fetch the three brain classes of Kaggle's Multi Cancer set, audit them and split them."""
    with needs("kaggle"):
        from brainlens.datasets.audit.verdict import verdict
        from brainlens.datasets.fetch.multi_cancer import AUDIT_FOLDER, fetch_multi_cancer

    fetched = fetch_multi_cancer(out, test_fraction=test_fraction, seed=seed, stage=progress)
    if fetched.audit is not None:
        for line in verdict(fetched.audit):
            say(line.text)
    note(f"The audit's report is in {out / AUDIT_FOLDER}.")
    _say(fetched.manifest, out)
    say(f"Next: brainlens train --data {quote(str(out))}")


def sample(out: Out, mirror: Mirror = None) -> None:
    """Fetch twelve slices of the Cheng set, some MB, for trying things out."""
    with needs("data"):
        from brainlens.datasets.fetch.sample import fetch_sample

    _say(fetch_sample(out, mirror=mirror, transfer=transfer), out)
    say(f"Next: brainlens predict {quote(str(out / 'images'))}")


def _say(manifest: "Manifest", out: Path) -> None:
    say_counts(manifest)
    say(f"In {out}: {manifest.info.attribution}")
    say(f"Licence: {manifest.info.licence}. Changes: {manifest.info.changes}")
    say(NOT_A_DEVICE, style="dim")
