"""The answer: what `/predict`, `predict --json` and `Predictor.predict` return."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from brainlens.inference.explanation import Explanation
from brainlens.words import DISCLAIMER

Status = Literal["answered", "abstained", "rejected"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputInfo(_Part):
    """What was looked at; ``sha256`` is keyed (HMAC), so it cannot be matched by outsiders."""

    format: str
    width: int
    height: int
    frame: int | None = None
    sha256: str


class ModelInfo(_Part):
    """Which bundle answered."""

    name: str
    version: str
    decision_sha256: str


class Answer(_Part):
    """One answer about one slice.

    Attributes
    ----------
    status
        ``answered``: confidence ≥ threshold. ``abstained``: below it, or a gate is unsure; class,
        confidence and probabilities are given all the same. ``rejected``: those are null.
    reasons
        Why not answered, for instance ``low_confidence``.
    message
        Status and reasons in words, by language.
    confidence
        Largest probability, in [0, 1].
    probabilities
        Class id → probability, summing to 1.
    prediction_set
        The classes that cannot be ruled out, likeliest first, the predicted one always among them;
        None where the bundle has no prediction sets.
    distance
        How far the slice lies from the training slices, as the network sees them; about 1 is usual.
        None where the bundle has no such gate, or the network was not asked.
    seen_in_training
        Whether the bundle was trained on this slice, as far as its hashes can tell.
    explanation
        Where the model looked, if that was asked for; never of a rejected slice.
    timings_ms
        Milliseconds by stage: ``decode``, ``preprocess``, ``inference``, ``explanation`` where
        asked for, ``total``.
    """

    prediction_id: str
    status: Status
    reasons: tuple[str, ...] = ()
    message: dict[str, str] = {}
    predicted_class: str | None
    display_name: dict[str, str] | None
    confidence: float | None = Field(ge=0, le=1)
    probabilities: dict[str, float] | None
    prediction_set: tuple[str, ...] | None = None
    threshold: float = Field(ge=0, le=1)
    distance: float | None = Field(default=None, ge=0)
    seen_in_training: bool
    input: InputInfo
    explanation: Explanation | None = None
    warnings: tuple[str, ...] = ()
    model: ModelInfo
    timings_ms: dict[str, float]
    disclaimer: str = DISCLAIMER
