"""What a model card says of gates: what they look at, and what they did where that was measured."""

from typing import Final

from brainlens.bundle.gate_check import GateCheck
from brainlens.bundle.markdown import bullets, one_line, table
from brainlens.bundle.schema import BundleInfo

_HEAD: Final = ("images", "n", "patients", "answered", "no gate objected", "rejected")
_READING: Final = (
    "In brackets: exact 95 % interval, with patients as trials where they are known and images "
    'where not. "No gate objected" counts the answered and those held back for low confidence '
    "alone. What is neither answered nor rejected was abstained from."
)


def gates(info: BundleInfo) -> str:
    """Return the section on gates, or nothing where there are none."""
    if not info.gates:
        return ""
    looked_at = [
        f"`{one_line(str(gate.get('gate', '')))}`"
        + (f" of `{one_line(str(gate['depth']))}`" if "depth" in gate else "")
        for gate in info.gates
    ]
    words = (
        f"Gates ({', '.join(looked_at)}) hold answers back: they abstain from images unlike those "
        "the model was trained on, and reject what is unlike a brain MR slice."
    )
    own = [check for check in info.gate_checks if check.decision_sha256 == info.decision_sha256]
    if not own:
        return f"## Gates\n\n{words} What they let through was not measured on this file."
    parts = ["## Gates", words, table(_HEAD, [_row(check) for check in own]), _READING]
    differences = [f"{one_line(c.name)}: {one_line(c.differs)}" for c in own if c.differs]
    if differences:
        parts += ["What else differs from the training slices:", bullets(differences)]
    return "\n\n".join(parts)


def _row(check: GateCheck) -> tuple[str, ...]:
    return (
        one_line(check.name),
        str(check.n_images),
        "–" if check.n_patients is None else str(check.n_patients),
        _share(check.answered, check.n_images, check.answered_interval),
        _share(check.let_through, check.n_images, check.let_through_interval),
        _share(check.rejected, check.n_images, check.rejected_interval),
    )


def _share(count: int, n: int, interval: tuple[float, float]) -> str:
    low, high = interval
    return f"{100 * count / n:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
