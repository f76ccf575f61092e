"""Figures as rows of text."""

from collections.abc import Mapping
from typing import Literal

from brainlens.evaluation.evaluation import Measurement
from brainlens.evaluation.metrics import OVERALL, PER_CLASS

#: What people read for a figure's name.
NAMES = {
    "accuracy": "accuracy",
    "loss": "cross-entropy loss",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "macro_auroc": "macro AUROC",
    "confident": "share above the threshold",
    "confident_correct": "correct and above it, of all",
    "confident_accuracy": "accuracy above the threshold",
    "precision": "precision",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "f1": "F1",
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "support": "slices",
}

#: Headings of `subgroup_rows`.
SUBGROUP_HEAD = (
    "group",
    "slices",
    "patients",
    "accuracy",
    "95 % interval",
    "balanced accuracy",
)


def overall_rows(measurement: Measurement) -> list[tuple[str, str, str]]:
    """Return (name, value, interval) of each figure about all classes, as text."""
    rows = []
    for metric in measurement.metrics:
        if metric.name in OVERALL and metric.class_id is None:
            low_high = "" if metric.interval is None else "{:.4f} – {:.4f}".format(*metric.interval)
            rows.append((NAMES[metric.name], number(metric.value), low_high))
    return rows


def class_head(level: Literal["slice", "patient"] = "slice") -> tuple[str, ...]:
    """Return the headings of `class_rows`; the last says what was counted."""
    names = [NAMES[name] for name in PER_CLASS if name != "support"]
    return ("class", *names, f"{level}s")


def class_rows(measurement: Measurement) -> list[tuple[str, ...]]:
    """Return (class id, then each figure about one class) of each class, as text."""
    rows: dict[str, list[str]] = {}
    for metric in measurement.metrics:
        if metric.name in PER_CLASS and metric.class_id is not None:
            whole = metric.name == "support" and metric.value is not None
            text = f"{metric.value:.0f}" if whole else number(metric.value)
            rows.setdefault(metric.class_id, []).append(text)
    return [(class_id, *cells) for class_id, cells in rows.items()]


def subgroup_rows(subgroups: Mapping[str, Measurement]) -> list[tuple[str, ...]]:
    """Return the cells under `SUBGROUP_HEAD` of each subgroup, as text."""
    rows: list[tuple[str, ...]] = []
    for name, part in subgroups.items():
        accuracy = part.find("accuracy")
        interval = accuracy and accuracy.interval
        rows.append(
            (
                name,
                str(part.n_slices),
                "–" if part.n_patients is None else str(part.n_patients),
                number(part.value("accuracy")),
                "{:.4f} – {:.4f}".format(*interval) if interval else "",
                number(part.value("balanced_accuracy")),
            )
        )
    return rows


def confusion_rows(class_ids: tuple[str, ...], measurement: Measurement) -> list[tuple[str, ...]]:
    """Return (true class, slices by predicted class …) as text, with a heading row first.

    A column for rejected slices is there only where some were rejected.
    """
    shown = columns(class_ids, measurement)
    head = ("true class", *shown)
    table = measurement.confusion[:, : len(shown)]
    return [head] + [
        (class_id, *(str(n) for n in row)) for class_id, row in zip(class_ids, table, strict=True)
    ]


def columns(class_ids: tuple[str, ...], measurement: Measurement) -> tuple[str, ...]:
    """Return the columns of a confusion matrix: the rejected only where there are some."""
    rejected = measurement.confusion[:, -1].any()
    return (*class_ids, "rejected") if rejected else class_ids


def number(value: float | None) -> str:
    """Return a share as people read it; a dash where it is undefined."""
    return "–" if value is None else f"{value:.4f}"
