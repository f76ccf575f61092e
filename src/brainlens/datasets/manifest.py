"""The manifest: a table with one row a slice."""

import csv
import difflib
import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Final

from brainlens.classes import ClassInfo
from brainlens.datasets.info import DatasetInfo
from brainlens.datasets.known_copies import KnownCopies
from brainlens.errors import DataError, ManifestError
from brainlens.files import write_text

Progress = Callable[[int, int], None]
"""Called with (done, total) as long work goes on."""

SPLITS: Final = ("train", "val", "test")
PROTOCOLS: Final = ("grouped", "official", "random")
GIVEN: Final = "given"
"""Protocol of a split that BrainLens did not make."""
_REQUIRED: Final = ("path", "label")
_NAMED_AT_MOST: Final = 5
_SHOWN_AT_MOST: Final = 100
"""Characters of a wrong cell that an error repeats."""
_FOLD_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Row:
    """One slice.

    Attributes
    ----------
    path
        The image; absolute once loaded.
    label
        Class id; empty where unknown.
    patient
        Pseudonym; empty where unknown.
    group
        What must not be separated; empty means the patient.
    split
        ``train``, ``val``, ``test``, or empty: takes no part.
    protocol
        How the split was made: ``grouped``, ``official``, ``random``; empty where it was given.
        Where the split is empty, how the folds were.
    fold
        Number of the official fold, where the set has one.
    mask
        Lesion mask of the image's size, where there is one.
    sha256, pixel_sha256
        Hashes of the file and of the decoded pixels, in hex; empty until computed.
    synthetic
        Whether the slice was generated.
    """

    path: Path
    label: str = ""
    patient: str = ""
    group: str = ""
    split: str = ""
    protocol: str = ""
    fold: int | None = None
    mask: Path | None = None
    sha256: str = ""
    pixel_sha256: str = ""
    synthetic: bool = False

    @property
    def group_key(self) -> str:
        """What must not be separated: the group, else the patient, else the slice alone."""
        return self.group or self.patient or str(self.path)


COLUMNS: Final = tuple(f.name for f in fields(Row))


@dataclass(frozen=True)
class Manifest:
    """The slices of a data set and what is known of it.

    Attributes
    ----------
    root
        Absolute folder that paths are written relative to.
    rows
        The slices.
    info
        Origin, licence and classes.
    skipped
        Files in the folders that are no images, so no rows; told to the user.
    near_copies
        Copies that an audit found; read from beside the manifest and written beside it.
    """

    root: Path
    rows: tuple[Row, ...]
    info: DatasetInfo = field(default_factory=DatasetInfo)
    skipped: tuple[Path, ...] = ()
    near_copies: KnownCopies = field(default_factory=KnownCopies)

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def load(cls, path: Path) -> "Manifest":
        """Read a manifest CSV, and the ``dataset.json`` and ``near_copies.json`` beside it.

        Only the columns ``path`` and ``label`` are required. Columns of other names are not read.

        Raises
        ------
        ManifestError
            If it is not such a table, naming row (the header is row 1) and column; or if files
            that it names are missing.
        DataError
            If ``dataset.json`` or ``near_copies.json`` is damaged.
        """
        # Resolved, so that a leading ".." means the same to us as to the operating system.
        root = path.parent.resolve()
        numbered = tuple(_read_rows(path, root))
        _refuse_missing(path, numbered)
        rows = tuple(row for _, row in numbered)
        near_copies = KnownCopies.load(root)
        return cls(root, rows, DatasetInfo.load(root), near_copies=near_copies)

    def save(self, path: Path) -> None:
        """Write the manifest to ``path``, and what goes beside it, each file atomically.

        Beside it go ``dataset.json`` and, where an audit found near copies, ``near_copies.json``.

        Paths are written relative to the CSV's folder wherever the platform can express that.

        Raises
        ------
        ManifestError
            If a file name is not valid Unicode, which a CSV cannot hold.
        DataError
            If the folder holds the ``dataset.json`` of another set, or a damaged
            ``near_copies.json``.
        """
        root = path.parent.resolve()
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows(_cells(row, root) for row in self.rows)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.info.save(root)
        self.near_copies.save(root)
        try:
            write_text(path, text.getvalue())
        except UnicodeEncodeError as error:
            name = ascii(error.object[max(error.start - 40, 0) : error.end + 40])
            raise ManifestError(
                f"A file name is not valid Unicode: …{name}….", hint="Rename the file."
            ) from error

    @property
    def labels(self) -> tuple[str, ...]:
        """The class ids that rows have: those of ``info`` in its order, then others sorted."""
        present = {row.label for row in self.rows if row.label}
        known = [c.id for c in self.info.classes if c.id in present]
        return (*known, *sorted(present.difference(known)))

    @property
    def classes(self) -> tuple[ClassInfo, ...]:
        """The classes of `labels`, in that order."""
        known = {c.id: c for c in self.info.classes}
        return tuple(known.get(label) or ClassInfo.from_id(label) for label in self.labels)

    @property
    def synthetic(self) -> bool:
        """Whether any slice was generated."""
        return any(row.synthetic for row in self.rows)

    @property
    def n_patients(self) -> int | None:
        """Number of patients, or None where a row's patient is unknown."""
        patients = {row.patient for row in self.rows}
        return None if not patients or "" in patients else len(patients)

    @property
    def protocol(self) -> str:
        """How the split was made: one of `PROTOCOLS`, or ``given`` where that is not known."""
        protocols = {row.protocol for row in self.rows if row.split}
        return (protocols.pop() if len(protocols) == 1 else "") or GIVEN

    def with_rows(self, rows: Iterable[Row]) -> "Manifest":
        """Return the same data set with other rows."""
        return replace(self, rows=tuple(rows))

    def with_near_copies(self, known: KnownCopies) -> "Manifest":
        """Return the same data set with more near copies known."""
        return replace(self, near_copies=KnownCopies(self.near_copies.pairs | known.pairs))

    def select(
        self,
        *,
        split: str | None = None,
        label: str | None = None,
        fold: int | None = None,
    ) -> "Manifest":
        """Return the rows that have every value given; None asks nothing."""
        wanted = {"split": split, "label": label, "fold": fold}
        asked = {name: value for name, value in wanted.items() if value is not None}
        return self.with_rows(
            row for row in self.rows if all(getattr(row, k) == v for k, v in asked.items())
        )

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the number of slices by split (empty included where it occurs), then label."""
        table: dict[str, dict[str, int]] = {}
        for row in self.rows:
            of_split = table.setdefault(row.split, {})
            of_split[row.label] = of_split.get(row.label, 0) + 1
        return table

    def require_trainable(self) -> None:
        """Check that a classifier can be trained on the rows whose split is ``train``.

        Raises
        ------
        DataError
            If there are no such rows, fewer than two classes among them, a row without a label,
            or a class that occurs in ``val`` or ``test`` only.
        """
        counts = self.counts()
        train = counts.get("train", {})
        if not train:
            raise DataError(
                "No slice is in the split train.",
                hint="Fill the column split, or let a split be made.",
            )
        if "" in train:
            raise DataError(
                f"{train['']} slices of the split train have no label.",
                hint="Fill the column label, or empty their split.",
            )
        if len(train) < 2:
            raise DataError(
                f"The split train has one class only: {next(iter(train))}.",
                hint="Two classes are the fewest that can be told apart.",
            )
        held_out = {label for name in ("val", "test") for label in counts.get(name, {}) if label}
        strangers = sorted(held_out.difference(train))
        if strangers:
            raise DataError(
                f"Not in the split train, yet in val or test: {', '.join(strangers)}.",
                hint="Name the class folders alike in every split, letter for letter.",
            )


def _read_rows(path: Path, root: Path) -> Iterator[tuple[int, Row]]:
    """Yield the rows with their numbers; the header is row 1."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except FileNotFoundError as error:
        raise ManifestError(f"There is no manifest {path}.", hint="Check the path.") from error
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path} is not UTF-8.", hint="Save it as CSV UTF-8.") from error
    seen: dict[Path, int] = {}
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(reader, [])
        _check_header(path, header)
        for number, cells in enumerate(reader, start=2):
            if not cells:
                continue
            if len(cells) != len(header):
                raise ManifestError(
                    f"{path}, row {number}: {len(cells)} cells where the header has {len(header)}."
                )
            row = _parse(path, number, dict(zip(header, cells, strict=True)), root)
            if row.path in seen:
                raise ManifestError(
                    f"{path}, row {number}, column path: the same image as row {seen[row.path]}."
                )
            seen[row.path] = number
            yield number, row
    except csv.Error as error:
        raise ManifestError(f"{path} is not a CSV table: {error}.") from error


def _check_header(path: Path, header: list[str]) -> None:
    missing = [name for name in _REQUIRED if name not in header]
    if missing:
        semicolons = len(header) == 1 and ";" in header[0]
        raise ManifestError(
            f"{path}: there is no column {' and no column '.join(missing)}.",
            hint="Its cells are separated by semicolons: save it with commas."
            if semicolons
            else f"The first row names the columns: {', '.join(COLUMNS)}.",
        )
    if len(set(header)) != len(header):
        raise ManifestError(f"{path}: two columns have the same name.")
    # A column "patients" that is quietly not read would let patients leak between splits.
    absent = [name for name in COLUMNS if name not in header]
    for name in header:
        meant = difflib.get_close_matches(name.strip().lower(), absent, n=1, cutoff=0.8)
        if name not in COLUMNS and meant:
            raise ManifestError(
                f"{path}: there is no column named {name!r}.", hint=f"Did you mean {meant[0]!r}?"
            )


def _parse(path: Path, number: int, cells: Mapping[str, str], root: Path) -> Row:
    def wrong(column: str, what: str) -> ManifestError:
        found = cells[column]
        # A cell of a table that was mangled may hold all the rest of it.
        shown = found if len(found) <= _SHOWN_AT_MOST else f"{found[:_SHOWN_AT_MOST]}…"
        return ManifestError(f"{path}, row {number}, column {column}: {what}, not {shown!r}.")

    if not cells["path"]:
        raise wrong("path", "the path of an image is needed")
    split = cells.get("split", "")
    if split and split not in SPLITS:
        raise wrong("split", "train, val, test or nothing is meant")
    protocol = cells.get("protocol", "")
    if protocol and protocol not in PROTOCOLS:
        raise wrong("protocol", f"{', '.join(PROTOCOLS)} or nothing is meant")
    fold = cells.get("fold", "")
    if fold and not (fold.isascii() and fold.isdigit() and len(fold) <= _FOLD_DIGITS):
        raise wrong("fold", "a whole number or nothing is meant")
    synthetic = cells.get("synthetic", "")
    if synthetic not in ("", "0", "1"):
        raise wrong("synthetic", "0 or 1 is meant")
    for column in ("sha256", "pixel_sha256"):
        value = cells.get(column, "")
        if value and (len(value) != 64 or set(value) - set("0123456789abcdef")):
            raise wrong(column, "64 lower-case hex digits or nothing are meant")
    mask = cells.get("mask", "")
    return Row(
        path=_absolute(root, cells["path"]),
        label=cells["label"],
        patient=cells.get("patient", ""),
        group=cells.get("group", ""),
        split=split,
        protocol=protocol,
        fold=int(fold) if fold else None,
        mask=_absolute(root, mask) if mask else None,
        sha256=cells.get("sha256", ""),
        pixel_sha256=cells.get("pixel_sha256", ""),
        synthetic=synthetic == "1",
    )


def _absolute(root: Path, text: str) -> Path:
    return Path(os.path.normpath(root / text))


def _relative(path: Path, root: Path) -> str:
    try:
        return Path(os.path.relpath(path, root)).as_posix()
    except ValueError:  # another drive: no relative path leads there
        return path.as_posix()


def _cells(row: Row, root: Path) -> list[str]:
    return [
        _relative(row.path, root),
        row.label,
        row.patient,
        row.group,
        row.split,
        row.protocol,
        "" if row.fold is None else str(row.fold),
        "" if row.mask is None else _relative(row.mask, root),
        row.sha256,
        row.pixel_sha256,
        "1" if row.synthetic else "0",
    ]


def _refuse_missing(path: Path, rows: Sequence[tuple[int, Row]]) -> None:
    files = [
        (number, column, file)
        for number, row in rows
        for column, file in (("path", row.path), ("mask", row.mask))
        if file is not None
    ]
    missing = [
        f"row {number}, column {column}: {str(file)!r}"
        for number, column, file in files
        if not file.is_file()
    ]
    if missing:
        n = len(missing)
        named = "; ".join(missing[:_NAMED_AT_MOST])
        more = "; …" if n > _NAMED_AT_MOST else ""
        raise ManifestError(
            f"{path} names {n} {'file that is' if n == 1 else 'files that are'} not there: "
            f"{named}{more}.",
            hint="Paths are relative to the folder of the manifest.",
        )
