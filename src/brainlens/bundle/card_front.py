"""The model card's front matter: what Hugging Face and other catalogues read of it."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from brainlens.bundle.markdown import one_line
from brainlens.bundle.schema import NOTICE, BundleInfo, Metric
from brainlens.words import NOT_A_DEVICE

# Names that the catalogue knows; other figures keep ours.
_TYPES: Final = {
    "macro_f1": "f1",
    "macro_auroc": "roc_auc",
    "sensitivity": "recall",
    "auroc": "roc_auc",
}
_TASK: Final = {"type": "image-classification", "name": "Tumour type of one brain-MRI slice"}

Yaml = str | int | float | bool | Mapping[str, "Yaml"] | Sequence["Yaml"]


def front_matter(info: BundleInfo) -> str:
    """Return the YAML block that a card begins with, ``---`` lines included.

    Figures are in it where they were measured on this very file; each names its split, protocol,
    level and interval, so that nobody who reads only the catalogue takes one for more than it is.
    """
    known: dict[str, Yaml] = {
        "language": ["en", "fr"],
        "library_name": "brainlens",
        "pipeline_tag": "image-classification",
        # The weights are made of the data, whose terms the notice tells.
        "license": "other",
        "license_name": "see-notice",
        "license_link": NOTICE,
        "tags": _tags(info),
        "disclaimer": NOT_A_DEVICE,
    }
    own = [m for m in info.metrics if m.decision_sha256 == info.decision_sha256]
    shown = [m for m in own if m.value is not None and m.subgroup is None and m.name != "support"]
    results = _results(info, shown)
    if results:
        known["model-index"] = [{"name": info.name, "results": results}]
    return "\n".join(["---", *_lines(known, 0), "---"])


def _tags(info: BundleInfo) -> list[Yaml]:
    tags = ["brain-mri", "medical-imaging", "research-only", "onnx", info.network.name]
    return [*tags, "synthetic"] if info.training.synthetic else [*tags]


def _results(info: BundleInfo, metrics: list[Metric]) -> list[Yaml]:
    parts: dict[tuple[str, str, str], list[Metric]] = {}
    for metric in metrics:
        parts.setdefault((metric.split, metric.protocol, metric.level), []).append(metric)
    return [
        {
            "task": _TASK,
            "dataset": {
                "type": "image-folder",
                "name": one_line(info.training.data_title) or "not named",
                "split": split,
                "args": {"protocol": one_line(protocol), "level": level},
            },
            "metrics": [_metric(metric) for metric in of_part],
        }
        for (split, protocol, level), of_part in parts.items()
    ]


def _metric(metric: Metric) -> dict[str, Yaml]:
    words = metric.name.replace("_", " ")
    if metric.class_id is not None:
        words += f", {metric.class_id}"
    args: dict[str, Yaml] = {"n_slices": metric.n_slices}
    if metric.n_patients is not None:
        args["n_patients"] = metric.n_patients
    if metric.interval is not None:
        args["interval_95"] = [round(bound, 4) for bound in metric.interval]
    return {
        "type": _TYPES.get(metric.name, one_line(metric.name)),
        "name": one_line(words),
        "value": round(metric.value or 0.0, 4),
        "args": args,
    }


def _lines(value: Yaml, depth: int) -> list[str]:
    """Return a value as YAML lines; scalars are JSON, which YAML reads as it stands."""
    pad = "  " * depth
    if isinstance(value, Mapping):
        return [line for key, part in value.items() for line in _entry(f"{pad}{key}:", part, depth)]
    if isinstance(value, str) or not isinstance(value, Sequence):
        return [pad + _scalar(value)]
    found = []
    for part in value:
        first, *rest = _lines(part, depth + 1)
        found += [f"{pad}- {first.lstrip()}", *rest]
    return found


def _entry(key: str, part: Yaml, depth: int) -> list[str]:
    if isinstance(part, str) or not isinstance(part, Mapping | Sequence):
        return [f"{key} {_scalar(part)}"]
    return [key, *_lines(part, depth + 1)]


def _scalar(value: str | int | float | bool) -> str:
    # Everything beyond ASCII stands as it is, save what YAML allows in no text at all.
    if isinstance(value, str):
        value = "".join(c for c in value if c.isprintable())
    return json.dumps(value, ensure_ascii=False)
