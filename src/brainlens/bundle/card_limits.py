"""What a model is for, what it is not for, and how it fails, as its description tells."""

from typing import Final

from brainlens.bundle.markdown import bullets
from brainlens.bundle.schema import BundleInfo, Metric

_FOR: Final[tuple[str, ...]] = (
    "Research and teaching: to study how such a model works, fails and is measured.",
    "One slice at a time, picked by somebody who knows that it shows one of the tumour types.",
    "Beside a qualified professional, who decides.",
)
_NOT_FOR: Final[tuple[str, ...]] = (
    "Diagnosis, treatment, triage or screening: it is not a medical device.",
    "Whole examinations, other sequences, other organs.",
)
_NO_SEARCH: Final = (
    "Finding out whether there is a tumour: the model knows no class without one, and names a "
    "tumour whatever it is shown."
)
_SYNTHETIC: Final = ("Trying the software out, on slices that it drew itself.",)
_NOT_SYNTHETIC: Final = ("Any image of a person.",)


def intended_use(info: BundleInfo) -> str:
    """Return the section on what the model is for and not for."""
    suited, unsuited = _FOR, list(_NOT_FOR)
    if all(c.role == "lesion" for c in info.classes):
        unsuited.append(_NO_SEARCH)
    if info.training.synthetic:
        suited, unsuited = _SYNTHETIC, list(_NOT_SYNTHETIC)
    parts = ("## Intended use", bullets(suited), "Not for:", bullets(unsuited))
    return "\n\n".join(parts)


def failure_modes(info: BundleInfo) -> str:
    """Return the section on how the model fails, from its own figures."""
    measured = _measured(info)
    lines = [
        *_errors(measured),
        *_weakest(measured),
        *_guards(info),
        "Heat maps are coarse and show what spoke for a class; they outline nothing, and a map on "
        "the lesion does not make the answer right.",
    ]
    return "## Failure modes\n\n" + bullets(lines)


def _measured(info: BundleInfo) -> list[Metric]:
    """Return this file's figures of one set of slices: the test set's where there are any."""
    own = [
        m
        for m in info.metrics
        if m.decision_sha256 == info.decision_sha256
        and m.level == "slice"
        and m.subgroup is None
        and m.value is not None
    ]
    first = next((m for m in own if m.split == "test"), own[0] if own else None)
    if first is None:
        return []
    return [m for m in own if (m.split, m.protocol) == (first.split, first.protocol)]


def _errors(measured: list[Metric]) -> list[str]:
    found = next((m for m in measured if m.name == "confident_accuracy"), None)
    if found is None or found.value is None:
        return ["How often its answers are wrong has not been measured on this file."]
    interval = ""
    if found.interval is not None:
        low, high = found.interval
        interval = f" (95 % interval {100 * (1 - high):.1f} to {100 * (1 - low):.1f} %)"
    return [
        f"Sure and wrong: of the answers it gave on {found.n_slices} slices ({found.split}, "
        f"{found.protocol}), {100 * (1 - found.value):.1f} % were wrong{interval}."
    ]


def _weakest(measured: list[Metric]) -> list[str]:
    found = [m for m in measured if m.name == "sensitivity" and m.value is not None]
    if not found:
        return []
    worst = min(found, key=lambda m: m.value or 0.0)
    return [
        f"Weakest on `{worst.class_id}`: it finds {100 * (worst.value or 0.0):.1f} % of its slices."
    ]


def _guards(info: BundleInfo) -> list[str]:
    lines = []
    if not info.gates:
        lines.append(
            "Nothing but its confidence keeps it from answering about an image that is no brain "
            "MR, or a slice without a lesion: no gate was fitted."
        )
    if info.calibration is None:
        lines.append("Its confidence has not been fitted: 90 % may not mean 90 %.")
    else:
        mix = ", ".join(f"`{c}` {100 * s:.0f} %" for c, s in info.calibration.class_mix.items())
        lines.append(f"Its confidence holds where the classes are as frequent as {mix}.")
    return lines
