"""An evaluation for people and programs: JSON, outcomes, a picture, table rows."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from brainlens.errors import MissingExtra, StorageError
from brainlens.evaluation.evaluation import Evaluation, Measurement
from brainlens.evaluation.metrics import OVERALL, PER_CLASS
from brainlens.files import write_bytes, write_json
from brainlens.outcomes import write_outcomes
from brainlens.words import NOT_A_DEVICE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

METRICS_FILE = "metrics.json"
OUTCOMES_FILE = "outcomes.csv"
PICTURE_FILE = "confusion.png"

#: What people read for a figure's name.
NAMES = {
    "accuracy": "accuracy",
    "loss": "cross-entropy loss",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "confident": "share above the threshold",
    "confident_correct": "correct and above it, of all",
    "confident_accuracy": "accuracy above the threshold",
    "precision": "precision",
    "sensitivity": "sensitivity",
    "f1": "F1",
    "support": "slices",
}

# Above this many classes, numbers in the cells would be too small to read.
_NUMBERED_UP_TO = 20


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


def overall_rows(measurement: Measurement) -> list[tuple[str, str, str]]:
    """Return (name, value, interval) of each figure about all classes, as text."""
    rows = []
    for metric in measurement.metrics:
        if metric.name in OVERALL and metric.class_id is None:
            low_high = "" if metric.interval is None else "{:.4f} – {:.4f}".format(*metric.interval)
            rows.append((NAMES[metric.name], _number(metric.value), low_high))
    return rows


def class_rows(measurement: Measurement) -> list[tuple[str, ...]]:
    """Return (class id, precision, sensitivity, F1, slices) of each class, as text."""
    rows: dict[str, list[str]] = {}
    for metric in measurement.metrics:
        if metric.name in PER_CLASS and metric.class_id is not None:
            whole = metric.name == "support" and metric.value is not None
            text = f"{metric.value:.0f}" if whole else _number(metric.value)
            rows.setdefault(metric.class_id, []).append(text)
    return [(class_id, *cells) for class_id, cells in rows.items()]


def confusion_rows(class_ids: tuple[str, ...], measurement: Measurement) -> list[tuple[str, ...]]:
    """Return (true class, slices by predicted class …) as text, with a heading row first.

    A column for rejected slices is there only where some were rejected.
    """
    columns = _columns(class_ids, measurement)
    head = ("true class", *columns)
    table = measurement.confusion[:, : len(columns)]
    return [head] + [
        (class_id, *(str(n) for n in row)) for class_id, row in zip(class_ids, table, strict=True)
    ]


def confusion_png(evaluation: Evaluation) -> bytes:
    """Return a picture of the confusion matrix: counts, coloured by share of the true class.

    Raises
    ------
    MissingExtra
        If matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra(
            "The picture of the confusion matrix needs matplotlib.",
            hint='Install it: pip install "brainlens[eval]".',
        ) from error
    classes = len(evaluation.class_ids)
    side = min(3.6 + 0.85 * classes, 14)
    # A figure with a canvas of its own: pyplot would keep a window state that threads share.
    figure = Figure(figsize=(side + 1, side), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    _draw(figure.add_subplot(), evaluation)
    figure.supxlabel(NOT_A_DEVICE, fontsize=6, color="0.35")
    buffer = io.BytesIO()
    # Without metadata the same evaluation gives the same bytes.
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _draw(axes: "Axes", evaluation: Evaluation) -> None:
    measurement = evaluation.all
    columns = _columns(evaluation.class_ids, measurement)
    counts = measurement.confusion[:, : len(columns)]
    support = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, support, out=np.zeros(counts.shape), where=support > 0)
    picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(columns)), columns, rotation=30, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(evaluation.class_ids)), evaluation.class_ids)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    accuracy = _number(measurement.value("accuracy"))
    axes.set_title(
        f"{evaluation.model}, {evaluation.split} ({evaluation.protocol})\n"
        f"{measurement.n_slices} slices, accuracy {accuracy}",
        fontsize=10,
    )
    bar = axes.get_figure(root=True).colorbar(picture, ax=axes, shrink=0.85)  # type: ignore[union-attr]  # the axes were just added to a figure
    bar.set_label("share of the true class")
    if len(columns) > _NUMBERED_UP_TO:
        return
    for (row, column), count in np.ndenumerate(counts):
        share = shares[row, column]
        axes.text(
            column,
            row,
            f"{count}\n{share:.0%}" if count else "0",
            ha="center",
            va="center",
            fontsize=9 if len(columns) <= 6 else 7,
            color=_ink(int(count), share),
        )


def _ink(count: int, share: float) -> str:
    """Return a colour that reads on the cell; an empty cell's 0 stays pale."""
    if not count:
        return "0.6"
    return "white" if share > 0.5 else "black"


def _columns(class_ids: tuple[str, ...], measurement: Measurement) -> tuple[str, ...]:
    rejected = measurement.confusion[:, -1].any()
    return (*class_ids, "rejected") if rejected else class_ids


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
