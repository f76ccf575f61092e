"""Curves and tables measured with a bundle, for whoever draws them."""

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RiskRow(_Part):
    """What one threshold does.

    Attributes
    ----------
    threshold
        Confidence from which the model answers, in [0, 1].
    answer_rate, answer_rate_interval
        Share of slices answered, and its 95 % interval.
    error, error_interval
        Share of wrong among the answered, and its 95 % interval; None where none is answered.
    """

    threshold: float = Field(ge=0, le=1)
    answer_rate: float
    answer_rate_interval: tuple[float, float] | None = None
    error: float | None = None
    error_interval: tuple[float, float] | None = None


class ReliabilityRow(_Part):
    """Slices of like confidence.

    Attributes
    ----------
    confidence
        Their mean confidence, in [0, 1].
    accuracy
        Share of them that is right.
    n
        How many; slices of one confidence may be shared out between two rows.
    """

    confidence: float
    accuracy: float
    n: float


class Curves(_Part):
    """What cannot be told by single figures, and what it was measured on.

    Attributes
    ----------
    split, protocol
        Which slices, and how they were set apart from the training.
    data
        What the slices are, in words; empty where it is not known.
    n_slices, n_patients
        What was measured on; ``n_patients`` is None where a slice's patient is unknown.
    decision_sha256
        The decision hash of the file that was measured.
    risk
        By threshold, ascending.
    reliability
        By confidence, ascending.
    confusion
        Slices by true class (rows) and predicted class, both in the bundle's order; the last column
        holds the rejected.
    """

    split: str
    protocol: str
    data: str = ""
    n_slices: int
    n_patients: int | None = None
    decision_sha256: str
    risk: tuple[RiskRow, ...] = ()
    reliability: tuple[ReliabilityRow, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
