"""A dozen slices of the public Cheng set, for trying things out."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from brainlens.datasets.cheng import TABLE_FILE, ChengFacts, import_cheng
from brainlens.datasets.fetch.cheng import ChengSource, fetch_folds, fetched, find_source
from brainlens.datasets.fetch.convert import convert_member, slice_members
from brainlens.datasets.fetch.figshare import FIGSHARE
from brainlens.datasets.fetch.patience import Patience
from brainlens.datasets.fetch.remote_archive import open_remote_archive
from brainlens.datasets.fetch.server import Server
from brainlens.datasets.fetch.slice_record import SliceRecord, save_table
from brainlens.datasets.manifest import Manifest
from brainlens.datasets.open import MANIFEST_FILE
from brainlens.datasets.stage import Stage, silent
from brainlens.errors import DataError, UsageError
from brainlens.files import new_folder

SAMPLE: Final[Mapping[int, str]] = {
    **dict.fromkeys((58, 93, 175, 635), "meningioma"),
    **dict.fromkeys((715, 718, 725, 740), "glioma"),
    **dict.fromkeys((950, 980, 1380, 1408), "pituitary"),
}
"""Slice numbers, each of another patient, in the three planes; all in two of the four archives."""

SAMPLE_FACTS: Final = ChengFacts(
    slices_by_class={"glioma": 4, "meningioma": 4, "pituitary": 4},
    slices_by_fold={1: 3, 2: 2, 3: 2, 4: 2, 5: 3},
    patients=12,
    groups=12,
)

_PATIENCE: Final = Patience()


def fetch_sample(
    out: Path,
    *,
    mirror: str | None = None,
    wanted: Mapping[int, str] = SAMPLE,
    expect: ChengFacts = SAMPLE_FACTS,
    patience: Patience = _PATIENCE,
    transfer: Stage = silent,
) -> Manifest:
    """Fetch a few slices of the set, laid out as `fetch_cheng` lays out all.

    Only the parts of the archives that hold them travel: some MB.

    Parameters
    ----------
    out
        A new or empty folder, or one of an earlier call, which is only looked through.
    mirror
        A server with the paths of figshare's API, to use in place of it.
    wanted
        Number and class of each slice.
    expect
        What must be found.
    transfer
        Shows how many bytes have come.

    Raises
    ------
    ServiceUnavailable
        If the server cannot be reached, refuses, or sends whole files only.
    DataError
        If what came is not those slices.
    UsageError
        If ``out`` holds something else, or ``mirror`` is no address.
    """
    there = fetched(out, expect)
    if there is not None:
        return there
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is there already.", hint="Give a folder that is new or empty.")
    with (
        Server(mirror or FIGSHARE, patience) as server,
        new_folder(out, replace=out.exists()) as building,
    ):
        source = find_source(server)
        with tempfile.TemporaryDirectory() as elsewhere:
            folds = fetch_folds(server, source, Path(elsewhere))
        records = _fetch_slices(server, source, wanted, building, transfer)
        _check(records, wanted, folds)
        save_table(records, folds, building / TABLE_FILE)
        import_cheng(building, building / MANIFEST_FILE, expect=expect)
    return Manifest.load(out / MANIFEST_FILE)


def _fetch_slices(
    server: Server, source: ChengSource, wanted: Mapping[int, str], out: Path, transfer: Stage
) -> list[SliceRecord]:
    """Look into one archive after the other until all are found."""
    missing = set(wanted)
    records: list[SliceRecord] = []
    for file in source.archives:
        if not missing:
            break
        with (
            transfer(file.name) as update,
            open_remote_archive(server, file, update) as archive,
        ):
            members = slice_members(archive)
            for number in sorted(missing & members.keys()):
                records.append(convert_member(archive, members[number], number, out))
                missing.remove(number)
    return records


def _check(records: list[SliceRecord], wanted: Mapping[int, str], folds: tuple[int, ...]) -> None:
    found = {record.number: record.label for record in records}
    if found != dict(wanted) or len(folds) < max(wanted):
        differing = sorted(n for n in wanted if found.get(n) != wanted[n])
        raise DataError(
            f"What came is not the Cheng data set: slices {differing} are missing or of another "
            "class."
            if differing
            else f"What came is not the Cheng data set: {len(folds)} folds only.",
            hint="The originals may have been replaced by a new version; please report it.",
        )
