"""The folder that an audit is written into."""

import json
from pathlib import Path
from typing import Final

from brainlens.datasets.audit.audit_json import audit_json
from brainlens.datasets.audit.findings import Audit
from brainlens.datasets.audit.report.page import page
from brainlens.datasets.croissant import croissant_path, write_croissant
from brainlens.datasets.info import DATASET_FILE, DatasetInfo
from brainlens.datasets.known_copies import AUDIT_FILE, NEAR_COPIES_FILE
from brainlens.datasets.manifest import Progress
from brainlens.datasets.open import MANIFEST_FILE
from brainlens.errors import UsageError
from brainlens.files import write_json, write_text

REPORT_FILE: Final = "report.html"


def require_room(out: Path, data: Path) -> None:
    """Check, before the work begins, that a report may be written into a folder.

    Parameters
    ----------
    out
        New, empty, or the report of an earlier audit, which is then overwritten.
    data
        What is to be audited, which must not be.

    Raises
    ------
    UsageError
        If it is neither, or holds the data.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file.", hint="Give a folder for the report.")
    home = (data if data.is_dir() else data.parent).resolve()
    if out.resolve() == home:
        raise UsageError(
            f"The report would overwrite the manifest in {out}.",
            hint="Give the report a folder of its own.",
        )
    if out.exists() and any(out.iterdir()) and not _is_report(out):
        raise UsageError(
            f"{out} is not empty, and not the report of an earlier audit.",
            hint="Give a new or empty folder.",
        )


def _is_report(folder: Path) -> bool:
    try:
        earlier = json.loads((folder / AUDIT_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(earlier, dict) and "schema" in earlier and (folder / REPORT_FILE).is_file()


def write_report(audit: Audit, out: Path, progress: Progress | None = None) -> tuple[Path, ...]:
    """Write ``report.html``, ``audit.json`` and ``manifest.csv`` with what goes beside it.

    Parameters
    ----------
    out
        See `require_room`.
    progress
        Called with (done, total) pictures.

    Returns
    -------
    tuple of Path
        The report, the JSON file, and the manifest if there is anything left to train from.
    """
    out.mkdir(parents=True, exist_ok=True)
    written = [out / REPORT_FILE, out / AUDIT_FILE]
    write_text(written[0], page(audit, progress))
    write_json(written[1], audit_json(audit))
    _forget_other_data(out, audit)
    manifest = audit.training.manifest
    if manifest.rows:
        manifest.save(out / MANIFEST_FILE)
        write_croissant(manifest, out / MANIFEST_FILE)
        written.append(out / MANIFEST_FILE)
    return tuple(written)


def _forget_other_data(out: Path, audit: Audit) -> None:
    """Remove what an earlier audit of other data left beside its manifest."""
    description = out / DATASET_FILE
    if description.exists() and DatasetInfo.load(out) != audit.manifest.info:
        description.unlink()
    table = out / MANIFEST_FILE
    for path in (table, croissant_path(table), out / NEAR_COPIES_FILE):
        path.unlink(missing_ok=True)
