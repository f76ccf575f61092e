"""The brain tumor dataset of Jun Cheng: the default set for training and benchmarks."""

import csv
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from brainlens.classes import ClassInfo
from brainlens.datasets.croissant import write_croissant
from brainlens.datasets.fingerprint import with_hashes
from brainlens.datasets.info import DatasetInfo
from brainlens.datasets.manifest import Manifest, Progress, Row
from brainlens.errors import DataError

CHENG_INFO: Final = DatasetInfo(
    title="brain tumor dataset",
    authors=("Jun Cheng",),
    source="https://doi.org/10.6084/m9.figshare.1512427",
    licence="CC BY 4.0",
    attribution=(
        'Jun Cheng, "brain tumor dataset", figshare, doi 10.6084/m9.figshare.1512427 (version 5), '
        "CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)."
    ),
    changes=(
        "Slices converted from int16 MATLAB files to 8-bit JPEG, each scaled by its own smallest "
        "and largest value; tumour outlines filled and written as PNG masks; patient numbers kept "
        "as pseudonyms, and those that differ only by a trailing letter joined into one group."
    ),
    classes=(
        ClassInfo(
            id="glioma",
            display_name={"en": "Glioma", "fr": "Gliome"},
            aliases=("brain_glioma",),
        ),
        ClassInfo(
            id="meningioma",
            display_name={"en": "Meningioma", "fr": "Méningiome"},
            aliases=("brain_menin",),
        ),
        ClassInfo(
            id="pituitary",
            display_name={"en": "Pituitary tumour", "fr": "Tumeur hypophysaire"},
            aliases=("brain_tumor",),
        ),
    ),
)

CHENG_DEEP_INFO: Final = CHENG_INFO.model_copy(
    update={
        "changes": (
            "Slices and tumour masks converted from int16 MATLAB files to PNG, the slices with 16 "
            "bits a pixel and without scaling (a slice with values below zero is shifted up until "
            "its smallest is zero); patient numbers kept as pseudonyms, and those that differ only "
            "by a trailing letter joined into one group."
        )
    }
)
"""The set as converted from the originals here: every grey level is kept."""

CHENG_LABELS: Final[Mapping[int, str]] = {1: "meningioma", 2: "glioma", 3: "pituitary"}
"""The class of each number that the originals give as label."""

TABLE_FILE: Final = "slices.csv"
_COLUMNS: Final = ("slice", "label", "pid", "base_pid", "fold")
_INFOS: Final = {".jpg": CHENG_INFO, ".png": CHENG_DEEP_INFO}
_LETTERED: Final = re.compile(r"(MR\d+)[A-Z]")


@dataclass(frozen=True)
class ChengFacts:
    """What is known of the set, and checked, so that nothing else is taken for it.

    Attributes
    ----------
    slices_by_class, slices_by_fold
        Number of slices by class id, by official fold.
    patients, groups
        Number of patients, and of groups of patients that only a trailing letter tells apart.
    """

    slices_by_class: Mapping[str, int]
    slices_by_fold: Mapping[int, int]
    patients: int
    groups: int


CHENG_FACTS: Final = ChengFacts(
    slices_by_class={"glioma": 1426, "meningioma": 708, "pituitary": 930},
    slices_by_fold={1: 570, 2: 655, 3: 562, 4: 613, 5: 664},
    patients=233,
    groups=209,
)


def base_pid(pid: str) -> str:
    """Return the group of a patient number: MR accession numbers without their trailing letter.

    Several letters of one number are some plainly one person and others not, so they must not be
    separated.
    """
    lettered = _LETTERED.fullmatch(pid)
    return lettered[1] if lettered else pid


def import_cheng(
    folder: Path,
    out_csv: Path,
    *,
    expect: ChengFacts = CHENG_FACTS,
    progress: Progress | None = None,
) -> Manifest:
    """Write the manifest of the set and its ``dataset.json``.

    Parameters
    ----------
    folder
        Holds ``slices.csv`` (slice, label, pid, base_pid, fold), ``images/<class>/N.jpg`` (or all
        of them ``N.png``) and ``masks/N.png``.
    out_csv
        The manifest; may lie outside ``folder``.
    expect
        What must be found.
    progress
        Called with (done, total) while files are hashed.

    Returns
    -------
    Manifest
        With hashes; ``patient`` is the set's pid, a pseudonym; ``group`` its base_pid; splits are
        empty.

    Raises
    ------
    DataError
        If the folder is not that set, saying what differs; or if images cannot be read.
    """
    root = folder.resolve()
    suffix = ".png" if any((root / "images").glob("*/*.png")) else ".jpg"
    rows = _read_table(root, suffix)
    check_facts(root, rows, expect)
    manifest = with_hashes(Manifest(root, rows, _INFOS[suffix]), progress)
    manifest.save(out_csv)
    write_croissant(manifest, out_csv)
    return Manifest.load(out_csv)


def _read_table(root: Path, suffix: str) -> tuple[Row, ...]:
    table = root / TABLE_FILE
    if not table.is_file():
        raise DataError(
            f"{root} is not the Cheng data set: there is no slices.csv.",
            hint="Give the folder that holds slices.csv, images and masks.",
        )
    with table.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise DataError(f"{table} has no column {' and no column '.join(missing)}.")
        return tuple(
            _row(root, suffix, number, cells) for number, cells in enumerate(reader, start=2)
        )


def _row(root: Path, suffix: str, number: int, cells: Mapping[str, str]) -> Row:
    try:
        name, fold = int(cells["slice"]), int(cells["fold"])
        label = CHENG_LABELS[int(cells["label"])]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{root / TABLE_FILE}, row {number}: slice and fold are whole numbers and label is "
            f"1, 2 or 3, not {dict(cells)}."
        ) from error
    row = Row(
        path=root / "images" / label / f"{name}{suffix}",
        label=label,
        patient=cells["pid"],
        group=cells["base_pid"],
        fold=fold,
        mask=root / "masks" / f"{name}.png",
    )
    for file in (row.path, row.mask):
        if file is None or not file.is_file():
            raise DataError(f"{root} is not the whole Cheng data set: there is no {file}.")
    return row


def check_facts(root: Path, rows: tuple[Row, ...], expect: ChengFacts = CHENG_FACTS) -> None:
    """Check that rows are those of the set.

    Raises
    ------
    DataError
        If they are not, saying which fact differs.
    """
    found = ChengFacts(
        slices_by_class=dict(Counter(row.label for row in rows)),
        slices_by_fold=dict(Counter(row.fold for row in rows if row.fold is not None)),
        patients=len({row.patient for row in rows}),
        groups=len({row.group for row in rows}),
    )
    differences = [
        f"{what} {got}, expected {want}"
        for what, got, want in (
            ("slices by class", found.slices_by_class, dict(expect.slices_by_class)),
            ("slices by fold", found.slices_by_fold, dict(expect.slices_by_fold)),
            ("patients", found.patients, expect.patients),
            ("groups", found.groups, expect.groups),
        )
        if got != want
    ]
    if len({row.path for row in rows}) != len(rows):
        differences.append("a slice is listed twice")
    if differences:
        raise DataError(
            f"{root} is not the Cheng data set: {'; '.join(differences)}.",
            hint="Describe another set with a manifest, or lay it out as ROOT/<class>/*.",
        )
