"""The tensors of the protocol: the one that goes in, and the fields of an answer as those out."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from brainlens.inference.answer import Answer

Datatype = Literal["BYTES", "FP64", "BOOL"]
OutputName = Literal[
    "prediction_id",
    "status",
    "reasons",
    "predicted_class",
    "confidence",
    "classes",
    "probabilities",
    "prediction_set",
    "threshold",
    "seen_in_training",
]
Value = str | float | bool

INPUT: Final = "image"
#: A dimension whose size differs from answer to answer.
ANY: Final = -1


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the answer as a tensor of one dimension.

    Attributes
    ----------
    datatype
        Type of its elements.
    size
        How many there are, or `ANY`.
    values
        Returns them. What is null in an answer has none.
    """

    datatype: Datatype
    size: int
    values: Callable[[Answer], Sequence[Value]]


def _optional(value: Value | None) -> Sequence[Value]:
    return () if value is None else (value,)


OUTPUTS: Final[dict[OutputName, Field]] = {
    "prediction_id": Field("BYTES", 1, lambda a: (a.prediction_id,)),
    "status": Field("BYTES", 1, lambda a: (a.status,)),
    "reasons": Field("BYTES", ANY, lambda a: a.reasons),
    "predicted_class": Field("BYTES", ANY, lambda a: _optional(a.predicted_class)),
    "confidence": Field("FP64", ANY, lambda a: _optional(a.confidence)),
    "classes": Field("BYTES", ANY, lambda a: tuple(a.probabilities or ())),
    "probabilities": Field("FP64", ANY, lambda a: tuple((a.probabilities or {}).values())),
    "prediction_set": Field("BYTES", ANY, lambda a: a.prediction_set or ()),
    "threshold": Field("FP64", 1, lambda a: (a.threshold,)),
    "seen_in_training": Field("BOOL", 1, lambda a: (a.seen_in_training,)),
}


def binary(values: Sequence[Value], datatype: Datatype) -> bytes:
    """Return elements as the protocol's binary data: little-endian, one after the other."""
    if datatype == "FP64":
        return struct.pack(f"<{len(values)}d", *values)
    if datatype == "BOOL":
        return bytes(bool(value) for value in values)
    texts = [str(value).encode() for value in values]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)
