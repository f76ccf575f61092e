"""``brainlens data audit``: what is wrong with a data set, before anything is trained on it."""

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Final

import typer

from brainlens.cli.console import note, progress, say, say_json
from brainlens.cli.extra import needs
from brainlens.cli.verbs import examples
from brainlens.errors import InputError, LeakySplit
from brainlens.words import NOT_A_DEVICE

if TYPE_CHECKING:
    from brainlens.datasets.audit.findings import Audit
    from brainlens.datasets.audit.survey import SeenImages

EXAMPLES = examples(
    "brainlens data audit slices",
    "brainlens data audit manifest.csv --strict --out report",
    "brainlens data audit slices --bundle default",
)

_STYLES: Final = {"bad": "bold red", "doubt": "yellow", "good": "green", "note": None}


def audit(
    path: Annotated[Path, typer.Argument(help="A data folder or a manifest.", metavar="PATH")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for report.html, audit.json and manifest.csv; default NAME-audit here.",
            metavar="REPORT",
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with status 1 where the split leaks.")
    ] = False,
    bundle: Annotated[
        str | None,
        typer.Option(help="Say also which images this bundle was trained on.", metavar="BUNDLE"),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print audit.json and nothing else.")
    ] = False,
) -> None:
    """Find what makes an accuracy measured on a set untrue: copies, leaks, labels, confounds."""
    with needs("data"):
        from brainlens.datasets.audit.audit import audit as look
        from brainlens.datasets.audit.audit_json import audit_json
        from brainlens.datasets.audit.report_folder import require_room, write_report

    report = out or _beside(path)
    require_room(report, path)
    seen = None if bundle is None else _seen(bundle)
    found = look(path, seen=seen, stage=progress)
    with progress("Drawing the report") as update:
        written = write_report(found, report, update)
    if as_json:
        say_json(audit_json(found))
    else:
        _say(found)
    for file in written:
        note(f"Wrote {file}.")
    if strict and found.leaks.leaks:
        raise LeakySplit(
            f"The split of {path} leaks.",
            hint="Train from the report's manifest: "
            f"`brainlens data split {quote(str(report / 'manifest.csv'))} --out grouped.csv`.",
        )


def _beside(path: Path) -> Path:
    """Return the report's folder, in the working folder, where none was named."""
    # A folder may have a dot in its name that begins no extension.
    name = path.resolve().name if path.is_dir() else path.stem
    return Path(f"{name or 'data'}-audit")


def _say(found: "Audit") -> None:
    from brainlens.datasets.audit.verdict import verdict

    for line in verdict(found):
        say(line.text, style=_STYLES[line.weight])
    say(NOT_A_DEVICE, style="dim")


def _seen(name: str) -> "SeenImages":
    """Return what a bundle says it was trained on."""
    from brainlens.bundle import find, load_bundle
    from brainlens.datasets.audit.survey import SeenImages
    from brainlens.imaging import HammingIndex, from_hex

    info = load_bundle(find(name)).info
    if info.seen is None:
        raise InputError(
            f"The bundle {info.name} does not say what it was trained on.",
            hint="Bundles of private data may leave that out; audit without --bundle.",
        )
    hashes = HammingIndex(map(from_hex, info.seen.hashes), info.seen.max_distance)
    return SeenImages(f"{info.name} {info.version}", info.preprocess, hashes)
