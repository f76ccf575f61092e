"""``brainlens data``: manifests, splits, synthetic sets."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brainlens.cli.console import counted, note, progress, say, say_table
from brainlens.cli.labels import parse_map
from brainlens.cli.verbs import examples
from brainlens.errors import UsageError

if TYPE_CHECKING:
    from brainlens.datasets.manifest import Manifest

app = typer.Typer(
    name="data", help="Make manifests, splits and synthetic sets.", no_args_is_help=True
)


class Layout(StrEnum):
    """How a phantom set lies in its folder."""

    manifest = "manifest"
    folders = "folders"


class Protocol(StrEnum):
    """What a split keeps together."""

    grouped = "grouped"
    random = "random"


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
    out: Annotated[Path, typer.Option(help="The manifest to write.", metavar="FILE")],
) -> None:
    """Make the manifest of the Cheng set (figshare 1512427), with patients, groups and folds."""
    from brainlens.datasets.cheng import import_cheng as write_manifest

    with progress("Hashing") as update:
        manifest = write_manifest(folder, out, progress=update)
    _say_counts(manifest)
    say(f"Wrote {out}. Next: brainlens data split {out} --out split.csv")


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
    _say_counts(manifest)
    say(f"Wrote {out}. Synthetic: no patient was imaged. Next: brainlens train --data {out}")


@app.command(
    "split",
    epilog=examples(
        "brainlens data split slices --out grouped.csv",
        "brainlens data split manifest.csv --out fold1.csv --test-fold 1 --drop-shared-groups",
        "brainlens data split slices --out leaky.csv --protocol random",
    ),
)
def split(
    path: Annotated[Path, typer.Argument(help="A data folder or a manifest.", metavar="PATH")],
    out: Annotated[Path, typer.Option(help="The manifest to write.", metavar="FILE")],
    test_fraction: Annotated[
        float | None, typer.Option(help="Share of each class for test; default 0.2.")
    ] = None,
    val_fraction: Annotated[
        float | None,
        typer.Option(
            help="Share of each class for validation; default 0.1, none with --test-fold."
        ),
    ] = None,
    test_fold: Annotated[
        int | None, typer.Option(help="Test on this official fold, train on the others.")
    ] = None,
    drop_shared_groups: Annotated[
        bool,
        typer.Option(
            "--drop-shared-groups",
            help="With --test-fold: leave out of training what shares a group with the test fold.",
        ),
    ] = False,
    val_groups: Annotated[
        int | None, typer.Option(help="With --test-fold: whole groups kept for validation.")
    ] = None,
    protocol: Annotated[
        Protocol,
        typer.Option(
            help="grouped keeps patients, groups and copies whole. random deals single slices: "
            "only to show what leaking buys."
        ),
    ] = Protocol.grouped,
    seed: Annotated[int, typer.Option(help="Another seed, another split.")] = 0,
) -> None:
    """Split a set into train, val and test, and check that nothing leaks between them."""
    from brainlens.datasets import splits
    from brainlens.datasets.fingerprint import with_hashes
    from brainlens.datasets.open import open_dataset
    from brainlens.datasets.split_check import check_split

    manifest = open_dataset(path)
    with progress("Hashing") as update:
        manifest = with_hashes(manifest, update)
    if test_fold is not None:
        if test_fraction is not None or protocol is Protocol.random:
            raise UsageError(
                "--test-fold goes neither with --test-fraction nor with --protocol random.",
                hint="The fold is the test set.",
            )
        result = splits.official(
            manifest,
            test_fold=test_fold,
            val_groups=val_groups,
            val_fraction=val_fraction,
            seed=seed,
            drop_shared_groups=drop_shared_groups,
        )
    else:
        if drop_shared_groups or val_groups is not None:
            raise UsageError(
                "--drop-shared-groups and --val-groups go with --test-fold only.",
                hint="A grouped split shares no groups; use --val-fraction.",
            )
        deal = splits.random if protocol is Protocol.random else splits.split
        result = deal(
            manifest,
            test_fraction=0.2 if test_fraction is None else test_fraction,
            val_fraction=0.1 if val_fraction is None else val_fraction,
            seed=seed,
        )
    result.save(out)
    _say_counts(result)
    check = check_split(result)
    say(check.sentence, style="bold yellow" if check.status == "leaky" else None)
    say(f"Wrote {out}. Next: brainlens train --data {out}")


def _say_counts(manifest: "Manifest") -> None:
    counts = manifest.counts()
    labels = manifest.labels
    rows = [
        (name or "(none)", *(str(counts[name].get(label, 0)) for label in labels))
        for name in ("train", "val", "test", "")
        if name in counts
    ]
    say_table(f"{len(manifest)} slices", ("split", *labels), rows)
    if manifest.skipped:
        note(f"Passed over, since no images: {counted(len(manifest.skipped), 'file')}.")
