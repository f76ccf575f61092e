"""What a professional concluded about a prediction: a class id and nothing else."""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from brainlens.server.moments import iso, now_us
from brainlens.server.records.signed import holds, sign


@dataclass(frozen=True, slots=True)
class Feedback:
    """One conclusion.

    Attributes
    ----------
    feedback_id
        Its identifier.
    prediction_id
        What it is about.
    time_us
        When it was given, in microseconds since 1970, UTC.
    key_id
        The key it was given with; None on a service without keys.
    concluded
        Class id; None where the conclusion was: none of the model's classes.
    """

    feedback_id: str
    prediction_id: str
    time_us: int
    key_id: str | None
    concluded: str | None

    @classmethod
    def now(cls, prediction_id: str, *, key_id: str | None, concluded: str | None) -> "Feedback":
        """Return a conclusion given now."""
        return cls(uuid.uuid4().hex, prediction_id, now_us(), key_id, concluded)

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> "Feedback":
        """Return the conclusion of a row of ``feedback``."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})

    def as_row(self, key: bytes) -> dict[str, Any]:
        """Return the columns of ``feedback``, the code included."""
        statement = asdict(self)
        return {**statement, "mac": sign(key, statement)}

    def is_signed(self, key: bytes, mac: str) -> bool:
        """Return whether ``mac`` is this conclusion's code."""
        return holds(key, asdict(self), mac)

    def as_json(self) -> dict[str, Any]:
        """Return it for people and programs outside."""
        return {
            "feedback_id": self.feedback_id,
            "time": iso(self.time_us),
            "key_id": self.key_id,
            "class": self.concluded,
        }
