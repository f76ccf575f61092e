"""Outcomes: what a model said of each slice, beside the truth; one CSV row a slice."""

import csv
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args

from brainlens.errors import DataError, StorageError
from brainlens.files import write_bytes

Status = Literal["answered", "abstained", "rejected"]

COLUMNS: Final = (
    "path",
    "label",
    "patient",
    "group",
    "fold",
    "status",
    "reasons",
    "predicted_class",
    "confidence",
    "seen_in_training",
    "error",
)
PROBABILITY_PREFIX: Final = "p:"

_STATUSES: Final = frozenset(get_args(Status))
# A spreadsheet takes a cell that starts so for a formula.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_GUARD: Final = "'"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a model said of one slice, beside what is known of the slice.

    Attributes
    ----------
    path
        The image, as the user named it.
    label, patient, group
        Truth and provenance; empty where unknown.
    fold
        The data set's official fold, or None.
    status
        None where there is no answer because of ``error``.
    reasons
        Why not answered; stable codes without ``;``.
    predicted_class
        Class of the largest probability; None where rejected or failed.
    confidence
        That probability, in [0, 1]; None where rejected or failed.
    seen_in_training
        None where nobody could tell.
    error
        Why there is no answer; empty where there is one.
    probabilities
        Class id → probability in [0, 1]; empty where rejected or failed.

    Raises
    ------
    ValueError
        If a value is outside its range.
    """

    path: str
    label: str = ""
    patient: str = ""
    group: str = ""
    fold: int | None = None
    status: Status | None = None
    reasons: tuple[str, ...] = ()
    predicted_class: str | None = None
    confidence: float | None = None
    seen_in_training: bool | None = None
    error: str = ""
    probabilities: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.status is not None and self.status not in _STATUSES:
            raise ValueError(f"unknown status {self.status!r}")
        if any(not reason or ";" in reason for reason in self.reasons):
            raise ValueError("a reason is empty or contains ';'")
        if not isinstance(self.predicted_class, str | None):
            raise ValueError("the predicted class is not text")
        if self.seen_in_training not in (None, False, True):
            raise ValueError("whether it was seen in training is neither true, false nor unknown")
        shares = [*self.probabilities.values()]
        if self.confidence is not None:
            shares.append(self.confidence)
        if not all(0 <= share <= 1 for share in shares):
            raise ValueError("confidence or a probability is outside [0, 1]")

    @classmethod
    def from_answer(
        cls,
        path: str,
        answer: Mapping[str, Any],
        *,
        label: str = "",
        patient: str = "",
        group: str = "",
        fold: int | None = None,
    ) -> "Outcome":
        """Return the outcome of an answer given as its JSON object.

        Raises
        ------
        DataError
            If ``answer`` lacks a field of an answer or holds a wrong value.
        """
        try:
            return cls(
                path=path,
                label=label,
                patient=patient,
                group=group,
                fold=fold,
                status=answer["status"],
                reasons=tuple(answer["reasons"]),
                predicted_class=answer["predicted_class"],
                confidence=answer["confidence"],
                seen_in_training=answer["seen_in_training"],
                probabilities=dict(answer["probabilities"] or {}),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"What came for {path} is not an answer: {error}.",
                hint="Check that the service is BrainLens, of a version that fits this one.",
            ) from error

    @classmethod
    def failed(
        cls,
        path: str,
        error: str,
        *,
        label: str = "",
        patient: str = "",
        group: str = "",
        fold: int | None = None,
    ) -> "Outcome":
        """Return the outcome of a slice that got no answer."""
        return cls(path=path, label=label, patient=patient, group=group, fold=fold, error=error)


def write_outcomes(path: Path, outcomes: Iterable[Outcome], class_ids: Sequence[str]) -> None:
    r"""Write outcomes as CSV, whole or not at all.

    Text that a spreadsheet would run as a formula gets an apostrophe before it, which
    `read_outcomes` takes away. What UTF-8 cannot hold of a file name (bytes that are no text on
    some systems) is written as its ``\udcXX`` escape.

    Parameters
    ----------
    path
        The CSV file.
    outcomes
        The rows, in order.
    class_ids
        The ``p:`` columns, in order.

    Raises
    ------
    ValueError
        If an outcome has a probability for a class that is not in ``class_ids``.
    StorageError
        If the file system refuses to write.
    """
    buffer = io.StringIO(newline="")
    # RFC 4180 line ends: with another, Python 3.11 leaves a carriage return unquoted.
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([*COLUMNS, *(PROBABILITY_PREFIX + class_id for class_id in class_ids)])
    for outcome in outcomes:
        unknown = sorted(set(outcome.probabilities) - set(class_ids))
        if unknown:
            raise ValueError(f"{outcome.path} has probabilities for {', '.join(unknown)}")
        writer.writerow(_cells(outcome, class_ids))
    try:
        write_bytes(path, buffer.getvalue().encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror or error}.",
            hint="Check the permissions and the space on the disk.",
        ) from error


def read_outcomes(path: Path) -> list[Outcome]:
    """Return the outcomes of a CSV file, in order.

    Columns may stand in any order, and other columns are passed over.

    Raises
    ------
    DataError
        If the file is not such a CSV; the message names row and column.
    StorageError
        If the file system refuses to read.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read: {error.strerror or error}.", hint="Check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text.", hint="Save it as CSV in UTF-8.") from error
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise DataError(f"{path} is not a CSV file: {error}.", hint="Write it again.") from error
    if not rows:
        raise DataError(f"{path} is empty.", hint="Give a CSV file of outcomes.")
    header = rows[0]
    _check_header(path, header)
    return [_outcome(path, n, header, row) for n, row in enumerate(rows[1:], start=2) if row]


def _guarded(text: str) -> str:
    return _GUARD + text if text.startswith((*_FORMULA_STARTS, _GUARD)) else text


def _unguarded(text: str) -> str:
    # An apostrophe that stands before anything else was in the text itself.
    guarded = text.startswith(_GUARD) and text[1:].startswith((*_FORMULA_STARTS, _GUARD))
    return text[1:] if guarded else text


def _cells(outcome: Outcome, class_ids: Sequence[str]) -> list[str]:
    seen = outcome.seen_in_training
    return [
        _guarded(outcome.path),
        _guarded(outcome.label),
        _guarded(outcome.patient),
        _guarded(outcome.group),
        "" if outcome.fold is None else str(outcome.fold),
        outcome.status or "",
        _guarded(";".join(outcome.reasons)),
        _guarded(outcome.predicted_class or ""),
        "" if outcome.confidence is None else repr(float(outcome.confidence)),
        "" if seen is None else str(int(seen)),
        _guarded(outcome.error),
        *(
            repr(float(outcome.probabilities[c])) if c in outcome.probabilities else ""
            for c in class_ids
        ),
    ]


def _check_header(path: Path, header: Sequence[str]) -> None:
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise DataError(
            f"{path} row 1 has no column {', '.join(missing)}.",
            hint="Give a file that `brainlens predict`, `evaluate` or `probe` wrote.",
        )
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        raise DataError(
            f"{path} row 1 has column {', '.join(twice)} twice.", hint="Remove one of them."
        )


def _outcome(path: Path, number: int, header: Sequence[str], row: Sequence[str]) -> Outcome:
    if len(row) != len(header):
        raise DataError(
            f"{path} row {number} has {len(row)} cells, the header has {len(header)}.",
            hint="Write the file again.",
        )
    cells = dict(zip(header, row, strict=True))

    def value(column: str, convert: Callable[[str], _T]) -> _T | None:
        text = cells[column]
        try:
            return convert(text) if text else None
        except ValueError as error:
            raise DataError(
                f"{path} row {number} column {column}: {text!r} is not {error}.",
                hint="Mend the cell or write the file again.",
            ) from error

    shares = {
        column.removeprefix(PROBABILITY_PREFIX): value(column, _share)
        for column in header
        if column.startswith(PROBABILITY_PREFIX)
    }
    return Outcome(
        path=_unguarded(cells["path"]),
        label=_unguarded(cells["label"]),
        patient=_unguarded(cells["patient"]),
        group=_unguarded(cells["group"]),
        fold=value("fold", _whole),
        status=value("status", _status),
        reasons=value("reasons", _reasons) or (),
        predicted_class=_unguarded(cells["predicted_class"]) or None,
        confidence=value("confidence", _share),
        seen_in_training=value("seen_in_training", _flag),
        error=_unguarded(cells["error"]),
        probabilities={c: share for c, share in shares.items() if share is not None},
    )


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("a whole number") from None


def _share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise ValueError("a number from 0 to 1")
    return number


def _status(text: str) -> Status:
    for status in get_args(Status):
        if text == status:
            return status  # type: ignore[no-any-return]  # get_args is untyped
    raise ValueError(f"one of {', '.join(get_args(Status))}")


def _reasons(text: str) -> tuple[str, ...]:
    reasons = tuple(_unguarded(text).split(";"))
    if not all(reasons):
        raise ValueError("reasons joined by ';'")
    return reasons


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("0 or 1")
    return text == "1"
