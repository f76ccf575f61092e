from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainlens.errors import UsageError
from brainlens.server.moments import duration_s, iso, moment_us, now_us

_YEAR = 365 * 86_400_000_000


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5400), ("12h", 43_200), ("90d", 7_776_000), ("2w", 1_209_600)]
)
def test_durations(text: str, seconds: int) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "0d", "5", "d", "-1d", "1.5h", "1y", "1d ", "9999999d"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no duration"):
        duration_s(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-02", 86_400_000_000),
        ("1970-01-01T00:01", 60_000_000),
        ("1970-01-01T02:00+02:00", 0),
        ("1970-01-01T00:00:00.000007Z", 7),
        ("1d", 1_000_000_000_000 - 86_400_000_000),
    ],
)
def test_moments(text: str, expected: int) -> None:
    assert moment_us(text, now=1_000_000_000_000) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-01-01T99:00"])
def test_other_moments_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no date"):
        moment_us(text, now=0)


@given(st.integers(-50 * _YEAR, 200 * _YEAR))
def test_a_moment_is_what_it_is_written_as(moment: int) -> None:
    assert moment_us(iso(moment), now=0) == moment


def test_now_is_now() -> None:
    now = datetime.fromisoformat(iso(now_us()))

    assert abs(datetime.now(UTC) - now) < timedelta(hours=1)
