"""The brain images of the Kaggle set "Multi Cancer": audited on arrival, split by groups found."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import kagglehub
from kagglehub import exceptions

from brainlens.classes import ClassInfo
from brainlens.datasets.audit.audit import audit
from brainlens.datasets.audit.findings import Audit
from brainlens.datasets.audit.report_folder import write_report
from brainlens.datasets.croissant import write_croissant
from brainlens.datasets.fetch.disk_space import require_space
from brainlens.datasets.info import DatasetInfo
from brainlens.datasets.manifest import Manifest, Row
from brainlens.datasets.open import MANIFEST_FILE
from brainlens.datasets.splits import split
from brainlens.datasets.stage import Stage, silent
from brainlens.errors import DataError, ServiceUnavailable, UsageError
from brainlens.files import new_folder
from brainlens.words import UNVERIFIED_LICENCE

HANDLE: Final = "obulisainaren/multi-cancer"
PAGE: Final = f"https://www.kaggle.com/datasets/{HANDLE}"
AUDIT_FOLDER: Final = "audit"
TEST_FRACTION: Final = 0.2

MULTI_CANCER_INFO: Final = DatasetInfo(
    title="Multi Cancer Dataset: Brain Cancer",
    authors=("Obuli Sai Naren",),
    source=PAGE,
    licence=UNVERIFIED_LICENCE,
    attribution=(
        f'Obuli Sai Naren, "Multi Cancer Dataset", Kaggle, {PAGE}; its folder "Brain Cancer". The '
        "page names a licence; whether the images were its author's to license is not verified, "
        "since they were collected from other sets."
    ),
    changes=(
        "Images copied unchanged, but for those that cannot be used or that have several labels; "
        "split by the groups that an audit found, since the original has no split."
    ),
    classes=(
        ClassInfo(
            id="brain_glioma",
            display_name={"en": "Glioma", "fr": "Gliome"},
            aliases=("glioma",),
        ),
        ClassInfo(
            id="brain_menin",
            display_name={"en": "Meningioma", "fr": "Méningiome"},
            aliases=("meningioma",),
        ),
        ClassInfo(
            id="brain_tumor",
            display_name={"en": "Pituitary tumour", "fr": "Tumeur hypophysaire"},
            aliases=("pituitary",),
        ),
    ),
)

_FOLDER: Final = "Brain Cancer"
_CLASSES: Final = frozenset(c.id for c in MULTI_CANCER_INFO.classes)
# What kagglehub raises; those of its HTTP client are OSErrors.
_FAILURES: Final = (
    OSError,
    ValueError,
    exceptions.BackendError,
    exceptions.CredentialError,
    exceptions.DataCorruptionError,
    exceptions.NotFoundError,
    exceptions.UnauthenticatedError,
)


@dataclass(frozen=True)
class Fetched:
    """What came.

    Attributes
    ----------
    manifest
        Of the folder.
    audit
        What was found on arrival; None where the folder was there already.
    """

    manifest: Manifest
    audit: Audit | None


def fetch_multi_cancer(
    out: Path, *, test_fraction: float = TEST_FRACTION, seed: int = 0, stage: Stage = silent
) -> Fetched:
    """Fetch the three classes, audit them, split them, and lay them out.

    Kaggle's client keeps what it downloaded in a cache of its own, where an interrupted download
    goes on.

    Parameters
    ----------
    out
        A new or empty folder, or one of an earlier call, which is only looked through. Gets
        ``{train,test}/<class>/*``, a ``manifest.csv`` with the groups found, and the audit's report
        in ``audit/``. Images that cannot be used or that have several labels stay out.
    test_fraction, seed
        See `brainlens.datasets.splits.split`.
    stage
        Shows how far the work is.

    Raises
    ------
    ServiceUnavailable
        If Kaggle cannot be reached or refuses.
    DataError
        If what came is not that set.
    StorageError
        If the disk is too small.
    UsageError
        If ``out`` holds something else, or the fraction is out of range.
    """
    there = _fetched(out)
    if there is not None:
        return Fetched(there, None)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is there already.", hint="Give a folder that is new or empty.")
    folder = _find_classes(_download())
    require_space(out, sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()))
    found = audit(folder, stage=stage)
    found = replace(found, manifest=replace(found.manifest, info=MULTI_CANCER_INFO))
    divided = _divide(found, test_fraction, seed)
    with new_folder(out, replace=out.exists()) as building:
        places = _places(divided, building)
        with stage("Copying") as update:
            for done, (source, place) in enumerate(places.items(), start=1):
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, place)
                update(done, len(places))
        laid = _moved(divided, divided, places)
        laid.save(building / MANIFEST_FILE)
        write_croissant(laid, building / MANIFEST_FILE)
        training = replace(
            found.training, manifest=_moved(found.training.manifest, divided, places)
        )
        with stage("Drawing the report") as update:
            write_report(replace(found, training=training), building / AUDIT_FOLDER, update)
    return Fetched(Manifest.load(out / MANIFEST_FILE), found)


def _fetched(out: Path) -> Manifest | None:
    csv = out / MANIFEST_FILE
    if not csv.exists():
        return None
    manifest = Manifest.load(csv)
    if manifest.info != MULTI_CANCER_INFO:
        raise UsageError(f"{out} holds another data set.", hint="Give a folder of its own.")
    return manifest


def _download() -> Path:
    try:
        return Path(kagglehub.dataset_download(HANDLE))
    except _FAILURES as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise ServiceUnavailable(
            f"Kaggle does not give {HANDLE}: {first}.",
            hint="Check the connection; if Kaggle asks for an account, put a token into the "
            "environment as its documentation says.",
        ) from error


def _find_classes(downloaded: Path) -> Path:
    """Find the folder of the three classes, however deep it lies."""
    for folder in sorted((downloaded, *downloaded.rglob(_FOLDER))):
        if folder.name == _FOLDER and {child.name for child in folder.iterdir()} >= _CLASSES:
            return folder
    raise DataError(
        f"What came from {PAGE} has no folder {_FOLDER!r} with {', '.join(sorted(_CLASSES))}.",
        hint="The set may have changed; download it by hand and audit it: brainlens data audit.",
    )


def _divide(found: Audit, test_fraction: float, seed: int) -> Manifest:
    """Split what can be used by the groups found, copies kept together."""
    out = {i for i, why in found.training.left_out.items() if why != "copy"}
    rows = [
        replace(row, group=found.groups[i])
        for i, row in enumerate(found.manifest.rows)
        if i not in out and row.label in _CLASSES
    ]
    kept = replace(found.manifest, near_copies=found.training.manifest.near_copies)
    return split(kept.with_rows(rows), test_fraction=test_fraction, val_fraction=0, seed=seed)


def _places(divided: Manifest, root: Path) -> dict[Path, Path]:
    return {row.path: root / row.split / row.label / row.path.name for row in divided.rows}


def _moved(manifest: Manifest, divided: Manifest, places: Mapping[Path, Path]) -> Manifest:
    """Return a manifest of the same images where they lie now, with the split that was made."""
    splits = {row.path: row for row in divided.rows}

    def move(row: Row) -> Row:
        made = splits[row.path]
        return replace(row, path=places[row.path], split=made.split, protocol=made.protocol)

    rows = (move(row) for row in manifest.rows if row.path in places)
    return replace(manifest, rows=tuple(rows), info=divided.info, skipped=())
