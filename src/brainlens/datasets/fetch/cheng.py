"""The public Cheng set: downloaded, converted without loss, checked against what is known of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from brainlens.datasets.cheng import (
    CHENG_DEEP_INFO,
    CHENG_FACTS,
    TABLE_FILE,
    ChengFacts,
    check_facts,
    import_cheng,
)
from brainlens.datasets.fetch.convert import convert_archive
from brainlens.datasets.fetch.disk_space import require_space
from brainlens.datasets.fetch.download import RemoteFile, download
from brainlens.datasets.fetch.figshare import FIGSHARE, list_files
from brainlens.datasets.fetch.lesion_facts import CHENG_LESIONS, LesionFacts, differences
from brainlens.datasets.fetch.matlab import read_folds
from brainlens.datasets.fetch.patience import Patience
from brainlens.datasets.fetch.server import Server
from brainlens.datasets.fetch.slice_record import (
    SliceRecord,
    load_records,
    save_records,
    save_table,
)
from brainlens.datasets.info import DATASET_FILE
from brainlens.datasets.manifest import Manifest
from brainlens.datasets.open import MANIFEST_FILE
from brainlens.datasets.stage import Stage, silent
from brainlens.errors import DataError, ManifestError, UsageError

ARTICLE: Final = 1512427
VERSION: Final = 5
ARCHIVES: Final = "archives"
_FOLDS_FILE: Final = "cvind.mat"
_OURS: Final = frozenset({ARCHIVES, "images", "masks", TABLE_FILE, DATASET_FILE})
_GROWTH: Final = 1.2
"""Bytes of PNG for each of the archives, with some to spare; both are deflated."""


@dataclass(frozen=True)
class ChengSource:
    """The files of the article that matter.

    Attributes
    ----------
    archives
        Zip archives of ``N.mat``, sorted by name.
    folds
        ``cvind.mat``, the official folds.
    """

    archives: tuple[RemoteFile, ...]
    folds: RemoteFile


@dataclass(frozen=True)
class Expected:
    """What must be found, so that nothing else is taken for the set."""

    facts: ChengFacts = CHENG_FACTS
    lesions: Mapping[str, LesionFacts] = field(default_factory=lambda: CHENG_LESIONS)


_EXPECTED: Final = Expected()
_PATIENCE: Final = Patience()


def fetch_cheng(
    out: Path,
    *,
    mirror: str | None = None,
    keep_archives: bool = False,
    expect: Expected = _EXPECTED,
    patience: Patience = _PATIENCE,
    transfer: Stage = silent,
    stage: Stage = silent,
) -> Manifest:
    """Fetch the set into a folder; a folder that holds it already is only looked through.

    What an interrupted call has done is kept: downloads go on where they broke off, and archives
    that have been converted are not converted again.

    Parameters
    ----------
    out
        A new or empty folder, or one of an earlier call. Gets ``manifest.csv`` and its companions,
        ``images/<class>/N.png`` (16 bits), ``masks/N.png`` and ``slices.csv``.
    mirror
        A server with the paths of figshare's API, to use in place of it.
    keep_archives
        Whether the downloaded archives are kept in ``out/archives``.
    expect
        What must be found.
    transfer, stage
        Show how far downloads (in bytes) and other work are.

    Raises
    ------
    ServiceUnavailable
        If the server cannot be reached, refuses, or sends other bytes than it states.
    DataError
        If what came is not the set, saying which fact differs.
    StorageError
        If the disk is too small.
    UsageError
        If ``out`` holds something else, or ``mirror`` is no address.
    """
    there = fetched(out, expect.facts)
    if there is not None:
        return there
    _require_ours(out)
    folder = out / ARCHIVES
    with Server(mirror or FIGSHARE, patience) as server:
        source = find_source(server)
        require_space(out, _bytes_needed(source, folder))
        folds = fetch_folds(server, source, folder)
        records = [
            record
            for archive in source.archives
            for record in _archive_records(server, archive, out, transfer, stage)
        ]
    _check_records(records, folds, expect)
    save_table(records, folds, out / TABLE_FILE)
    with stage("Hashing") as update:
        manifest = import_cheng(out, out / MANIFEST_FILE, expect=expect.facts, progress=update)
    if not keep_archives:
        _remove_archives(folder, source)
    return manifest


def find_source(server: Server) -> ChengSource:
    """Find the archives and the folds among the files of the article.

    Raises
    ------
    ServiceUnavailable
        If the server cannot be reached or refuses.
    DataError
        If they are not there.
    """
    files = list_files(server, ARTICLE, VERSION)
    archives = sorted((f for f in files if f.name.endswith(".zip")), key=lambda f: f.name)
    folds = [f for f in files if f.name == _FOLDS_FILE]
    if not archives or not folds:
        raise DataError(
            f"Article {ARTICLE} on {server.base} has no "
            f"{'zip archive' if not archives else _FOLDS_FILE}.",
            hint="Use another mirror.",
        )
    return ChengSource(tuple(archives), folds[0])


def fetch_folds(server: Server, source: ChengSource, folder: Path) -> tuple[int, ...]:
    """Return the official fold of slice 1, 2, …; the file is kept in ``folder``."""
    path = download(server, source.folds, folder)
    return read_folds(path.read_bytes(), path.name)


def fetched(out: Path, facts: ChengFacts) -> Manifest | None:
    """Return the set that ``out`` holds already, or None where nothing was fetched yet.

    Raises
    ------
    DataError
        If it is no longer whole.
    UsageError
        If ``out`` holds another set.
    """
    csv = out / MANIFEST_FILE
    if not csv.exists():
        return None
    try:
        manifest = Manifest.load(csv)
    except ManifestError as error:
        raise DataError(
            f"{out} was fetched and has been changed since. {error.message}",
            hint=f"Remove {csv}; the same command then makes the set whole again.",
        ) from error
    if manifest.info != CHENG_DEEP_INFO:
        raise UsageError(f"{out} holds another data set.", hint="Give a folder of its own.")
    check_facts(out, manifest.rows, facts)
    return manifest


def _require_ours(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file.", hint="Give a folder.")
    strangers = sorted(
        entry.name
        for entry in (out.iterdir() if out.exists() else ())
        if entry.name not in _OURS and not entry.name.startswith(".")
    )
    if strangers:
        raise UsageError(
            f"{out} holds other files: {', '.join(strangers[:3])}.",
            hint="Give a new or empty folder.",
        )


def _bytes_needed(source: ChengSource, folder: Path) -> int:
    """Return the bytes still to be written, converted slices included."""
    needed = 0.0
    for file in source.archives:
        if load_records(_note(folder, file)) is not None:
            continue
        here = [folder / file.name, folder / f"{file.name}.part"]
        held = max((path.stat().st_size for path in here if path.exists()), default=0)
        needed += max(file.size - held, 0) + _GROWTH * file.size
    return int(needed)


def _note(folder: Path, archive: RemoteFile) -> Path:
    """Return the file that says an archive has been converted whole."""
    return folder / f"{archive.name}.json"


def _archive_records(
    server: Server, file: RemoteFile, out: Path, transfer: Stage, stage: Stage
) -> Iterator[SliceRecord]:
    folder = out / ARCHIVES
    records = load_records(_note(folder, file))
    if records is None:
        with transfer(file.name) as update:
            archive = download(server, file, folder, update)
        with stage(f"Converting {file.name}") as update:
            records = convert_archive(archive, out, update)
        save_records(records, _note(folder, file))
    yield from records


def _check_records(records: Sequence[SliceRecord], folds: Sequence[int], expect: Expected) -> None:
    numbers = sorted(record.number for record in records)
    wrong = []
    if numbers != list(range(1, len(numbers) + 1)):
        wrong.append("slices are not numbered from 1 without gaps")
    if len(folds) != len(numbers):
        wrong.append(f"{len(folds)} folds for {len(numbers)} slices")
    wrong += differences(records, expect.lesions)
    if wrong:
        raise DataError(
            f"What came is not the Cheng data set: {'; '.join(wrong)}.",
            hint="The originals may have been replaced by a new version; please report it.",
        )


def _remove_archives(folder: Path, source: ChengSource) -> None:
    for file in (*source.archives, source.folds):
        (folder / file.name).unlink(missing_ok=True)
        _note(folder, file).unlink(missing_ok=True)
    # The user's own files in there, if any, stay.
    if not any(folder.iterdir()):
        folder.rmdir()
