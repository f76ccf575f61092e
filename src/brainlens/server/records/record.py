"""The record of one prediction: what was asked, in figures, and what was answered."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from brainlens.inference.answer import Answer, Status
from brainlens.server.moments import iso, now_us


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of one prediction; nothing that says whose picture it was.

    Attributes
    ----------
    prediction_id
        Identifier of the answer.
    time_us
        When it was made, in microseconds since 1970, UTC.
    key_id
        The key it was asked with; None on a service without keys.
    input_hmac
        Keyed hash of the uploaded bytes, in hex: tells copies from each other, and nothing else.
    input_bytes, input_format, input_width, input_height
        Size of the upload in bytes, its format, and its size in pixels.
    model
        The name under which the model is served.
    decision_sha256
        Hash of all of the bundle that decides an answer.
    threshold
        Confidence in [0, 1] below which this answer would have been an abstention.
    status, reasons, predicted_class, confidence, probabilities
        As in the answer.
    milliseconds
        Time the answer took, without its way in and out.
    distance
        From the training slices, as in the answer; None in records from before it was kept.
    """

    prediction_id: str
    time_us: int
    key_id: str | None
    input_hmac: str
    input_bytes: int
    input_format: str
    input_width: int
    input_height: int
    model: str
    decision_sha256: str
    threshold: float
    status: Status
    reasons: tuple[str, ...]
    predicted_class: str | None
    confidence: float | None
    probabilities: Mapping[str, float] | None
    milliseconds: float
    distance: float | None = None

    @classmethod
    def of(cls, answer: Answer, *, model: str, key_id: str | None, n_bytes: int) -> "Record":
        """Return the record of an answer, made now.

        Parameters
        ----------
        answer
            The answer.
        model
            The name under which its model is served.
        key_id
            The key it was asked with, if any.
        n_bytes
            Size of the upload.
        """
        return cls(
            prediction_id=answer.prediction_id,
            time_us=now_us(),
            key_id=key_id,
            input_hmac=answer.input.sha256,
            input_bytes=n_bytes,
            input_format=answer.input.format,
            input_width=answer.input.width,
            input_height=answer.input.height,
            model=model,
            decision_sha256=answer.model.decision_sha256,
            threshold=answer.threshold,
            status=answer.status,
            reasons=answer.reasons,
            predicted_class=answer.predicted_class,
            confidence=answer.confidence,
            probabilities=answer.probabilities,
            milliseconds=answer.timings_ms["total"],
            distance=answer.distance,
        )

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> "Record":
        """Return the record of a row of ``predictions``.

        Raises
        ------
        ValueError
            If the row is not as it was written.
        """
        values = {name: row[name] for name in cls.__dataclass_fields__}
        values["reasons"] = tuple(json.loads(values["reasons"]))
        if values["probabilities"] is not None:
            values["probabilities"] = json.loads(values["probabilities"])
        return cls(**values)

    def as_row(self) -> dict[str, Any]:
        """Return the values of the columns of ``predictions`` that a record fills."""
        row = asdict(self)
        row["reasons"] = json.dumps(self.reasons)
        if self.probabilities is not None:
            row["probabilities"] = json.dumps(dict(self.probabilities), allow_nan=False)
        return row

    def as_json(self) -> dict[str, Any]:
        """Return the record for people and programs outside, its time in ISO 8601."""
        values = asdict(self)
        return {
            "prediction_id": values.pop("prediction_id"),
            "time": iso(values.pop("time_us")),
            **values,
        }
