"""The figures: overall, by class, the confusion matrix."""

from collections.abc import Iterator
from typing import Final

from brainlens.bundle.schema import Metric
from brainlens.evaluation.evaluation import UNSEEN, UNSHARED, Evaluation, Measurement
from brainlens.evaluation.metrics import OVERALL
from brainlens.evaluation.report.section import bar, grid, section
from brainlens.evaluation.report.tables import NAMES, columns
from brainlens.evaluation.report.wording import counted, interval, percent
from brainlens.html.element import Html, Part, element, joined

_HEAD = ("figure", "value", "95 % interval", "0 to 100 %")
_DECIMAL: Final = frozenset({"loss", "macro_auroc", "auroc", "auprc"})


def overall(evaluation: Evaluation) -> Html:
    """Return the figures about all classes, of all slices and of the selections."""
    selections = [
        (f"Without images seen in training ({UNSEEN})", evaluation.unseen),
        (f"Without shared groups ({UNSHARED})", evaluation.unshared),
    ]
    more = [
        joined(element("h3", f"{title}: {of(part)}"), _figures(part))
        for title, part in selections
        if part is not None
    ]
    return section(
        "Figures",
        f"{of(evaluation.all).capitalize()}. The intervals come from drawing whole patients anew: "
        "of intervals made in this way, about 95 in 100 hold the figure that very many patients of "
        "the same kind would give.",
        _figures(evaluation.all),
        *more,
    )


def by_class(evaluation: Evaluation) -> Html:
    """Return the figures about each class."""
    part = evaluation.all
    of_classes = [m for m in part.metrics if m.class_id is not None and m.name != "support"]
    names = list(dict.fromkeys(metric.name for metric in of_classes))
    found = {(metric.name, metric.class_id): metric for metric in of_classes}
    rows: list[tuple[Part, ...]] = []
    for class_id, n in zip(evaluation.class_ids, part.confusion.sum(axis=1), strict=True):
        cells = [_cell(found.get((name, class_id))) for name in names]
        rows.append((class_id, *cells, f"{int(n):,}"))
    return section(
        "By class",
        "Each class is held against the others of this set, which are tumours too: a specificity "
        "here says nothing about healthy people. Below each value stands its 95 % interval.",
        grid(("class", *(NAMES.get(name, name) for name in names), "slices"), rows),
        element("h3", "Which class is taken for which"),
        element(
            "p",
            "Rows are true classes, columns what the model said; each cell holds slices and their "
            "share of the true class.",
        ),
        confusion_table(evaluation.class_ids, part),
    )


def patients(evaluation: Evaluation) -> Iterator[Html]:
    """Yield the figures by patient, where patients are known."""
    part = evaluation.patients
    if part is None or not part.metrics:
        return
    yield section(
        "By patient",
        f"{of(part).capitalize()}. A patient's slices are combined into one answer by the mean of "
        "their probabilities. These are slices that were picked because they show a tumour, no "
        "whole examinations.",
        _figures(part),
        element("h3", "Which class is taken for which"),
        confusion_table(evaluation.class_ids, part),
    )


def subgroups(evaluation: Evaluation) -> Iterator[Html]:
    """Yield the figures by size of the lesion, where masks told it."""
    if not evaluation.subgroups:
        return
    rows: list[tuple[Part, ...]] = []
    for name, part in evaluation.subgroups.items():
        accuracy = part.find("accuracy")
        if accuracy is None:
            continue
        n_patients = "–" if part.n_patients is None else f"{part.n_patients:,}"
        drawn = bar(accuracy.value, accuracy.interval)
        balanced = percent(part.value("balanced_accuracy"))
        shown = (percent(accuracy.value), interval(accuracy.interval), drawn, balanced)
        rows.append((name, f"{part.n_slices:,}", n_patients, *shown))
    yield section(
        "By size of the lesion",
        "Sizes go with classes, so a group's accuracy depends on its classes too; balanced "
        "accuracy, the mean over classes of the share found, depends on them less.",
        grid(
            ("lesions", "slices", "patients", "right", "95 % interval", "", "balanced accuracy"),
            rows,
        ),
    )


def confusion_table(class_ids: tuple[str, ...], part: Measurement) -> Html:
    """Return the confusion matrix as a table, darker where more of a true class went."""
    shown = columns(class_ids, part)
    lines = []
    for class_id, row in zip(class_ids, part.confusion[:, : len(shown)], strict=True):
        total = int(row.sum())
        cells = [element("th", class_id, class_="text", scope="row")]
        for n in row.tolist():
            share = n / total if total else 0.0
            words = element("span", percent(share)) if n else Html("")
            tint = f"background: color-mix(in srgb, var(--bar) {100 * share:.0f}%, transparent)"
            cells.append(element("td", f"{n:,}", words, class_="cell", style=tint))
        lines.append(element("tr", *cells))
    head = [element("th", name, scope="col") for name in ("true class", *shown)]
    body = element(
        "table",
        element("thead", element("tr", *head)),
        element("tbody", *lines),
        class_="confusion",
    )
    return element("div", body, class_="scroll")


def of(part: Measurement) -> str:
    """Return how many slices and patients a figure is of."""
    patients = "patients not named"
    if part.n_patients is not None:
        patients = counted(part.n_patients, "patient")
    return f"{counted(part.n_slices, 'slice')}, {patients}"


def _figures(part: Measurement) -> Html:
    found = [m for m in part.metrics if m.class_id is None and m.name in OVERALL]
    return grid(_HEAD, [_row(metric) for metric in found])


def _row(metric: Metric) -> tuple[Part, ...]:
    name = NAMES.get(metric.name, metric.name)
    drawn = Html("") if metric.name == "loss" else bar(metric.value, metric.interval)
    return (name, *_value_and_interval(metric), drawn)


def _cell(metric: Metric | None) -> Html:
    if metric is None or metric.value is None:
        return element("span", "–")
    value, bounds = _value_and_interval(metric)
    return joined(
        element("span", value),
        element("small", bounds or "no interval"),
    )


def _value_and_interval(metric: Metric) -> tuple[str, str]:
    """Return both in the figure's own unit: areas under a curve and losses are no per cent."""
    if metric.name not in _DECIMAL:
        return percent(metric.value), interval(metric.interval)
    value = "–" if metric.value is None else f"{metric.value:.3f}"
    bounds = metric.interval
    return value, "" if bounds is None else f"{bounds[0]:.3f} to {bounds[1]:.3f}"
