"""The policy: when a model answers and when it abstains."""

from collections.abc import Iterable, Sequence
from typing import Final

from brainlens.errors import UsageError
from brainlens.inference.answer import Status
from brainlens.inference.gates import Finding

LOW_CONFIDENCE: Final = "low_confidence"
AMBIGUOUS: Final = "ambiguous"


def decide(
    confidence: float, threshold: float, findings: Sequence[Finding] = ()
) -> tuple[Status, tuple[str, ...]]:
    """Return status and reasons.

    Answered if and only if ``confidence`` ≥ ``threshold`` and no gate objects; rejected, whatever
    the confidence, if a gate rejects, and then for what rejects alone.
    """
    rejecting = _reasons(finding for finding in findings if finding.rejects)
    if rejecting:
        return "rejected", rejecting
    reasons = _reasons(findings)
    if confidence < threshold:
        reasons = (*reasons, LOW_CONFIDENCE)
    return ("abstained" if reasons else "answered"), reasons


def _reasons(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(finding.reason for finding in findings))


def choose_threshold(wanted: float | None, own: float, *, allow_lower: bool = False) -> float:
    """Return the threshold to use.

    Parameters
    ----------
    wanted
        What the caller asks for, in [0, 1], or None for the model's own.
    own
        The model's own threshold.
    allow_lower
        Whether ``wanted`` may be below ``own``. Only for who answers for the consequences: it
        turns abstentions into answers.

    Raises
    ------
    UsageError
        If ``wanted`` is outside [0, 1], or below ``own`` without permission.
    """
    if wanted is None:
        return own
    if not 0 <= wanted <= 1:
        raise UsageError(f"The threshold {wanted} is not between 0 and 1.", hint="Give a share.")
    if wanted < own and not allow_lower:
        raise UsageError(
            f"The threshold {wanted:g} is below the model's own, {own:g}.",
            hint=f"It may only be raised: give {own:g} or more.",
        )
    return wanted
