"""The figures of a model card: one part for each set of slices they were measured on."""

from brainlens.bundle.markdown import bullets, one_line, table
from brainlens.bundle.schema import BundleInfo, Metric

PROTOCOLS = {
    "grouped": "split by group, so that all slices of a patient stay on one side",
    "official": "the folds published with the data set",
    "random": "split slice by slice, so that slices of one patient are on both sides",
    "given": "the split that came with the data",
}
_SPLITS = {"train": "Training slices", "val": "Validation slices", "test": "Test slices"}


def figures(info: BundleInfo) -> str:
    """Return the section with every figure, each with protocol, n, interval and decision hash."""
    if not info.metrics:
        return "## Figures\n\nNone measured yet."
    parts: dict[str, list[Metric]] = {}
    for metric in info.metrics:
        parts.setdefault(_measured_on(metric, info.decision_sha256), []).append(metric)
    meanings = [
        f"{name}: {PROTOCOLS[name]}."
        for name in dict.fromkeys(metric.protocol for metric in info.metrics)
        if name in PROTOCOLS
    ]
    sections = [
        "## Figures",
        "In brackets: 95 % interval, drawn over patients where they are known.",
    ]
    for measured_on, metrics in parts.items():
        sections += [f"### {one_line(measured_on)}", _overall(metrics), _by_class(metrics)]
    return "\n\n".join(filter(None, (*sections, bullets(meanings))))


def _measured_on(metric: Metric, decision_sha256: str) -> str:
    patients = "patients unknown"
    if metric.n_patients is not None:
        patients = f"{metric.n_patients} patients"
    measured = metric.decision_sha256
    if measured is None:
        whose = "model not recorded"
    else:
        whose = f"{'this' if measured == decision_sha256 else 'another'} model, `{measured[:12]}`"
    part = f", {metric.subgroup}" if metric.subgroup else ""
    level = ", by patient (their slices combined)" if metric.level == "patient" else ""
    return (
        f"{_SPLITS.get(metric.split, metric.split)}{part}{level}, protocol {metric.protocol}: "
        f"{metric.n_slices} slices, {patients} ({whose})"
    )


def _overall(metrics: list[Metric]) -> str:
    rows = [(_name(m.name), _value(m)) for m in metrics if m.class_id is None]
    return table(("figure", "value"), rows) if rows else ""


def _by_class(metrics: list[Metric]) -> str:
    of_classes = [m for m in metrics if m.class_id is not None]
    if not of_classes:
        return ""
    names = list(dict.fromkeys(m.name for m in of_classes))
    found = {(m.class_id, m.name): _value(m) for m in of_classes}
    rows = [
        (f"`{class_id}`", *(found.get((class_id, name), "") for name in names))
        for class_id in dict.fromkeys(m.class_id for m in of_classes)
    ]
    return table(("class", *map(_name, names)), rows)


def _name(name: str) -> str:
    return name.replace("_", " ")


def _value(metric: Metric) -> str:
    if metric.value is None:
        return "undefined"
    if metric.value > 1 and float(metric.value).is_integer():
        return str(int(metric.value))
    value = f"{metric.value:.3f}"
    if metric.interval is None:
        return f"{value} (no interval)"
    return f"{value} ({metric.interval[0]:.3f} to {metric.interval[1]:.3f})"
