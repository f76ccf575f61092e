"""How often and how long a server is asked again."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import httpx

from brainlens.errors import ServiceUnavailable

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server.

    Attributes
    ----------
    retries
        How often in a row is asked again without anything gained.
    first_pause_s, longest_pause_s
        Pause before asking again: doubled each time, up to the longest. What a server asks for
        (``Retry-After``) is kept to, within the longest.
    connect_s
        Longest wait for a connection.
    silence_s
        Longest wait for the next bytes.
    """

    retries: int = 5
    first_pause_s: float = 1.0
    longest_pause_s: float = 60.0
    connect_s: float = 15.0
    silence_s: float = 30.0

    @property
    def timeout(self) -> httpx.Timeout:
        """The same for the HTTP client."""
        return httpx.Timeout(self.silence_s, connect=self.connect_s)

    def pause_s(self, failures: int, asked_s: float | None) -> float:
        """Return how long to wait after so many failures in a row, at least one."""
        wanted = self.first_pause_s * 2 ** (failures - 1) if asked_s is None else asked_s
        return min(wanted, self.longest_pause_s)


class Hiccup(Exception):
    """What may pass when asked again.

    Parameters
    ----------
    reason
        What happened, in one sentence without a full stop.
    pause_s
        What the server asks to wait.
    gained
        Whether the try brought something that stays: the count of retries then starts anew.
    """

    def __init__(self, reason: str, *, pause_s: float | None = None, gained: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.pause_s = pause_s
        self.gained = gained


def persist(attempt: Callable[[], _Result], patience: Patience) -> _Result:
    """Return what ``attempt`` returns, trying again after each `Hiccup` as patience allows.

    Raises
    ------
    ServiceUnavailable
        If it does not pass.
    """
    failures = 0
    while True:
        try:
            return attempt()
        except Hiccup as hiccup:
            failures = 1 if hiccup.gained else failures + 1
            if failures > patience.retries:
                raise ServiceUnavailable(
                    f"{hiccup.reason}, {failures} times in a row.",
                    hint="Check the connection; the same command goes on from where it stopped.",
                ) from hiccup
            pause_s = patience.pause_s(failures, hiccup.pause_s)
        time.sleep(pause_s)
