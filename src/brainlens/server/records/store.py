"""Records and feedback as they are read back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from brainlens.server.database.database import Database
from brainlens.server.database.tables import feedback, predictions
from brainlens.server.records.feedback import Feedback
from brainlens.server.records.record import Record

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as it stands in the database.

    Attributes
    ----------
    writer, seq, mac
        Its place in a chain, and its code.
    record
        The record.
    feedback
        What was concluded about it, oldest first.
    """

    writer: str
    seq: int
    mac: str
    record: Record
    feedback: tuple[Feedback, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as it is exported."""
        return {
            **self.record.as_json(),
            "feedback": [given.as_json() for given in self.feedback],
            "writer": self.writer,
            "seq": self.seq,
            "mac": self.mac,
        }


class RecordStore:
    """Reads records; adds feedback.

    Parameters
    ----------
    database
        Where they are.
    feedback_key
        Key of the codes of feedback.
    """

    def __init__(self, database: Database, feedback_key: bytes) -> None:
        self._database = database
        self._feedback_key = feedback_key

    def find(self, prediction_id: str) -> Stored | None:
        """Return the record of a prediction, or None where there is none (any more).

        Raises
        ------
        DatabaseError
            If the database fails.
        """
        wanted = select(predictions).where(predictions.c.prediction_id == prediction_id)
        with self._database.reading() as connection:
            row = connection.execute(wanted).mappings().one_or_none()
            return None if row is None else next(_with_feedback(connection, [row]))

    def since(self, moment_us: int) -> Iterator[Stored]:
        """Yield the records made at or after a moment, oldest first, a few in memory at a time.

        Raises
        ------
        DatabaseError
            If the database fails.
        """
        c = predictions.c
        wanted = select(predictions).where(c.time_us >= moment_us)
        wanted = wanted.order_by(c.time_us, c.writer, c.seq)
        with self._database.reading() as connection:
            options = {"yield_per": _AT_ONCE}
            for part in (
                connection.execute(wanted, execution_options=options).mappings().partitions()
            ):
                yield from _with_feedback(connection, part)

    def add_feedback(self, given: Feedback) -> None:
        """Add a conclusion about a prediction whose record is there.

        Raises
        ------
        DatabaseError
            If the database fails.
        """
        with self._database.writing() as connection:
            connection.execute(insert(feedback).values(given.as_row(self._feedback_key)))


def _with_feedback(connection: Connection, rows: Any) -> Iterator[Stored]:
    rows = list(rows)
    given: dict[str, list[Feedback]] = {row["prediction_id"]: [] for row in rows}
    wanted = (
        select(feedback)
        .where(feedback.c.prediction_id.in_(list(given)))
        .order_by(feedback.c.time_us, feedback.c.feedback_id)
    )
    for found in connection.execute(wanted).mappings():
        given[found["prediction_id"]].append(Feedback.from_row(found))
    for row in rows:
        yield _stored(row, tuple(given[row["prediction_id"]]))


def _stored(row: Mapping[Any, Any], given: tuple[Feedback, ...]) -> Stored:
    return Stored(row["writer"], row["seq"], row["mac"], Record.from_row(row), given)
