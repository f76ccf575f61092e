"""``brainlens data split``: what is trained on and what is kept for testing."""

from enum import StrEnum
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from brainlens.cli.console import counted, note, progress, say, say_table
from brainlens.cli.verbs import examples
from brainlens.errors import UsageError

if TYPE_CHECKING:
    from brainlens.datasets.known_copies import KnownCopies
    from brainlens.datasets.manifest import Manifest

EXAMPLES = examples(
    "brainlens data split slices --out grouped.csv",
    "brainlens data split slices --out grouped.csv --audit slices-audit",
    "brainlens data split manifest.csv --out folds.csv --folds 5",
    "brainlens data split manifest.csv --out fold1.csv --test-fold 1 --drop-shared-groups",
    "brainlens data split slices --out leaky.csv --protocol random",
)

_TEST_FRACTION = 0.2
_VAL_FRACTION = 0.1


class Protocol(StrEnum):
    """What a split keeps together."""

    grouped = "grouped"
    random = "random"


def split(
    path: Annotated[Path, typer.Argument(help="A data folder or a manifest.", metavar="PATH")],
    out: Annotated[
        Path, typer.Option(help="The manifest to write.", metavar="FILE", dir_okay=False)
    ],
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
        int | None, typer.Option(help="Test on this fold, train on the others.")
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
    folds: Annotated[
        int | None,
        typer.Option(
            help="Deal this many folds of whole groups in place of a split, for cross-validation. "
            "Official folds are kept."
        ),
    ] = None,
    audit: Annotated[
        Path | None,
        typer.Option(
            help="Report of an audit of these images: the near copies it found are kept together.",
            metavar="REPORT",
        ),
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

    fractions = (test_fraction, val_fraction)
    if folds is not None:
        made = (*fractions, test_fold, val_groups)
        _refuse_with_folds(protocol, any(v is not None for v in made) or drop_shared_groups)
    elif test_fold is not None:
        _refuse_with_test_fold(protocol, test_fraction)
    elif drop_shared_groups or val_groups is not None:
        raise UsageError(
            "--drop-shared-groups and --val-groups go with --test-fold only.",
            hint="A grouped split shares no groups; use --val-fraction.",
        )
    manifest = open_dataset(path)
    if audit is not None:
        manifest = manifest.with_near_copies(_near_copies(audit))
    with progress("Hashing") as update:
        manifest = with_hashes(manifest, update)
    if folds is not None:
        _write_folds(_dealt(manifest, folds, seed), out)
        return
    if test_fold is not None:
        result = splits.official(
            manifest,
            test_fold=test_fold,
            val_groups=val_groups,
            val_fraction=val_fraction,
            seed=seed,
            drop_shared_groups=drop_shared_groups,
        )
    else:
        deal = splits.random if protocol is Protocol.random else splits.split
        result = deal(
            manifest,
            test_fraction=_TEST_FRACTION if test_fraction is None else test_fraction,
            val_fraction=_VAL_FRACTION if val_fraction is None else val_fraction,
            seed=seed,
        )
    _write_split(result, out)


def _refuse_with_folds(protocol: Protocol, splits_too: bool) -> None:
    if splits_too:
        raise UsageError(
            "--folds goes with no option that makes a split.",
            hint="Deal the folds first, then split their manifest with --test-fold.",
        )
    if protocol is Protocol.random:
        raise UsageError("--folds keeps groups whole, so it does not go with --protocol random.")


def _refuse_with_test_fold(protocol: Protocol, test_fraction: float | None) -> None:
    if test_fraction is not None or protocol is Protocol.random:
        raise UsageError(
            "--test-fold goes neither with --test-fraction nor with --protocol random.",
            hint="The fold is the test set.",
        )


def _near_copies(report: Path) -> "KnownCopies":
    """Return what an audit found; an audit that found nothing wrote no file of it."""
    from brainlens.datasets.known_copies import AUDIT_FILE, KnownCopies

    if not (report / AUDIT_FILE).is_file():
        raise UsageError(
            f"{report} is not the report of an audit.",
            hint="Make one: brainlens data audit PATH --out REPORT.",
        )
    return KnownCopies.load(report)


def _dealt(manifest: "Manifest", folds: int, seed: int) -> "Manifest":
    """Return the manifest with folds: its own where it has as many, else new ones."""
    from brainlens.datasets import splits

    present = {row.fold for row in manifest.rows if row.fold is not None}
    if not present:
        return splits.grouped_folds(manifest, folds, seed=seed)
    if len(present) != folds:
        raise UsageError(
            f"There are {len(present)} folds already, not {folds}.",
            hint="Official folds are kept: ask for as many, or empty the column fold first.",
        )
    note(f"There are {folds} folds already: kept as they are.")
    return manifest


def _save(manifest: "Manifest", out: Path) -> None:
    from brainlens.datasets.croissant import write_croissant

    manifest.save(out)
    write_croissant(manifest, out)


def _write_folds(manifest: "Manifest", out: Path) -> None:
    _save(manifest, out)
    labels = manifest.labels
    numbers = sorted({row.fold for row in manifest.rows if row.fold is not None})
    counts = {n: manifest.select(fold=n) for n in numbers}
    rows = [
        (str(n), *(str(len(of.select(label=label))) for label in labels))
        for n, of in counts.items()
    ]
    say_table(f"{len(manifest)} slices", ("fold", *labels), rows)
    first = numbers[0]
    say(
        f"Wrote {out}. Next: brainlens data split {quote(str(out))} --out fold{first}.csv "
        f"--test-fold {first}"
    )


def _write_split(manifest: "Manifest", out: Path) -> None:
    from brainlens.datasets.split_check import check_split

    _save(manifest, out)
    say_counts(manifest)
    check = check_split(manifest)
    say(check.sentence, style="bold yellow" if check.status == "leaky" else None)
    say(f"Wrote {out}. Next: brainlens train --data {quote(str(out))}")


def say_counts(manifest: "Manifest") -> None:
    """Print how many slices each split has of each class, and how many files were no images."""
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
