"""Records as they are read back, for tests."""

from typing import Any

from brainlens.server.records.feedback import Feedback
from brainlens.server.records.store import Stored

from ...server.databases import record

DAY_US = 86_400_000_000
HASH = "cd" * 32


def stored(number: int = 0, *concluded: str | None, **changed: Any) -> Stored:
    """Return a record, with conclusions in the order they were given."""
    one = record(number, **changed)
    given = tuple(
        Feedback(f"{index:032x}", one.prediction_id, one.time_us + index, None, told)
        for index, told in enumerate(concluded)
    )
    return Stored("ab" * 16, number + 1, "00" * 32, one, given)
