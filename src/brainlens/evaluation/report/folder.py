"""The folder that an evaluation is written into."""

from pathlib import Path

from brainlens.errors import StorageError
from brainlens.evaluation.report.confusion import confusion_png
from brainlens.evaluation.report.findings import Findings
from brainlens.evaluation.report.page import page
from brainlens.files import write_bytes, write_json, write_text
from brainlens.outcomes import write_outcomes

METRICS_FILE = "metrics.json"
OUTCOMES_FILE = "outcomes.csv"
PICTURE_FILE = "confusion.png"
PAGE_FILE = "report.html"


def write_report(findings: Findings, folder: Path) -> tuple[Path, ...]:
    """Write ``report.html``, ``metrics.json``, ``outcomes.csv`` and ``confusion.png``.

    The page holds pictures of the worst errors and pseudonyms of patients, where the data are at
    hand and name them: it is to be treated as the data are.

    Parameters
    ----------
    findings
        What was measured, with all that the page may show.
    folder
        Made where it is not there; files of these names in it are overwritten.

    Returns
    -------
    tuple of Path
        The files written, the page first.

    Raises
    ------
    MissingExtra
        If matplotlib is not installed; nothing is written then.
    StorageError
        If the file system refuses to write.
    """
    evaluation = findings.evaluation
    picture = confusion_png(evaluation)
    text = page(findings)
    names = (PAGE_FILE, METRICS_FILE, OUTCOMES_FILE, PICTURE_FILE)
    files = tuple(folder / name for name in names)
    try:
        write_text(files[0], text)
        write_json(files[1], findings.to_dict())
        write_outcomes(files[2], evaluation.outcomes, evaluation.class_ids)
        write_bytes(files[3], picture)
    except OSError as error:
        raise StorageError(
            f"The report cannot be written into {folder}: {error.strerror or error}.",
            hint="Check the permissions and the space on the disk.",
        ) from error
    return files
