"""The folder that an evaluation is written into."""

from pathlib import Path

from brainlens.errors import StorageError
from brainlens.evaluation.evaluation import Evaluation
from brainlens.evaluation.report.confusion import confusion_png
from brainlens.files import write_bytes, write_json
from brainlens.outcomes import write_outcomes

METRICS_FILE = "metrics.json"
OUTCOMES_FILE = "outcomes.csv"
PICTURE_FILE = "confusion.png"


def write_report(evaluation: Evaluation, folder: Path) -> tuple[Path, ...]:
    """Write ``metrics.json``, ``outcomes.csv`` and ``confusion.png`` into ``folder``.

    Returns
    -------
    tuple of Path
        The files written.

    Raises
    ------
    MissingExtra
        If matplotlib is not installed; nothing is written then.
    StorageError
        If the file system refuses to write.
    """
    picture = confusion_png(evaluation)
    files = tuple(folder / name for name in (METRICS_FILE, OUTCOMES_FILE, PICTURE_FILE))
    try:
        write_json(files[0], evaluation.to_dict())
        write_outcomes(files[1], evaluation.outcomes, evaluation.class_ids)
        write_bytes(files[2], picture)
    except OSError as error:
        raise StorageError(
            f"The report cannot be written into {folder}: {error.strerror or error}.",
            hint="Check the permissions and the space on the disk.",
        ) from error
    return files
