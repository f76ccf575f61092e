"""The policy: when a model answers and when it abstains."""

from typing import Final

from brainlens.errors import UsageError
from brainlens.inference.answer import Status

LOW_CONFIDENCE: Final = "low_confidence"


def decide(confidence: float, threshold: float) -> tuple[Status, tuple[str, ...]]:
    """Return status and reasons: answered if and only if ``confidence`` ≥ ``threshold``."""
    if confidence >= threshold:
        return "answered", ()
    return "abstained", (LOW_CONFIDENCE,)


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
