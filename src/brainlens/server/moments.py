"""Moments and durations as people write them; a moment is whole microseconds since 1970, UTC."""

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Final

from brainlens.errors import UsageError

_UNITS: Final = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION: Final = re.compile(r"([0-9]{1,6})([mhdw])")
_MILLION: Final = 1_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def now_us() -> int:
    """Return the present moment."""
    return time.time_ns() // 1000


def iso(moment_us: int) -> str:
    """Return a moment as ISO 8601 in UTC, to the microsecond."""
    moment = _EPOCH + timedelta(microseconds=moment_us)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def duration_s(text: str) -> int:
    """Return the seconds of ``90m``, ``12h``, ``30d`` or ``8w``.

    Raises
    ------
    UsageError
        If it is written otherwise, or nothing.
    """
    match = _DURATION.fullmatch(text)
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    if not seconds:
        raise UsageError(
            f"{text!r} is no duration.", hint="Write minutes, hours, days or weeks: 90m 12h 30d 8w."
        )
    return seconds


def moment_us(text: str, *, now: int) -> int:
    """Return the moment of an ISO date or time (UTC unless it says otherwise), or of an age.

    Parameters
    ----------
    text
        ``2026-01-31``, ``2026-01-31T12:00``, ``2026-01-31T12:00+02:00``; or ``30d``, which is
        thirty days before ``now``.
    now
        The present moment.

    Raises
    ------
    UsageError
        If it is written otherwise.
    """
    if _DURATION.fullmatch(text):
        return now - duration_s(text) * _MILLION
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is no date and no age.",
            hint="Write a date like 2026-01-31, a time like 2026-01-31T12:00, or an age like 30d.",
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)
