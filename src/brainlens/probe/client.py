"""Asking a running service, patiently: it may be busy, or restarting."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from threading import Event
from typing import Any, Final

import httpx

from brainlens.errors import ServiceUnavailable, UsageError
from brainlens.imaging.limits import Limits

CONNECTION_LOST: Final = "connection_lost"
FILE_UNREADABLE: Final = "file_unreadable"
FILE_TOO_LARGE: Final = "image_too_large"
NOT_AN_ANSWER: Final = "not_an_answer"
_COME_AGAIN: Final = frozenset({429, 502, 503, 504})
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_LONGEST_WAIT_S: Final = 4.0
_LONGEST_RETRY_AFTER_S: Final = 60.0
_START: Final = "Start it: brainlens serve."


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one image.

    Attributes
    ----------
    answer
        The answer's JSON object, or None where there is none because of ``error``.
    error
        Stable code of why there is no answer; empty where there is one.
    latency_ms
        Milliseconds from sending to the whole answer, of the attempt that succeeded.
    repeats
        How often the image was sent again.
    """

    answer: dict[str, Any] | None
    error: str = ""
    latency_ms: float = 0.0
    repeats: int = 0


class Client:
    """A client of one service for several threads.

    Parameters
    ----------
    url
        Where the service answers.
    model
        The model asked for, or None for the service's default.
    connections
        Most connections at a time.
    retries
        How often an image is sent again before it counts as failed.
    first_wait_s
        Seconds before the first repeat; doubled from repeat to repeat up to 4 seconds.
    timeout_s
        Seconds without a sign of life after which an attempt has failed.
    key
        The API key to send, where the service asks for one.

    Raises
    ------
    UsageError
        If ``url`` is no http or https address.
    """

    def __init__(
        self,
        url: str,
        *,
        model: str | None,
        connections: int,
        retries: int,
        first_wait_s: float,
        timeout_s: float,
        key: str | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        host = _host(self.url)
        self._query = {} if model is None else {"model": model}
        self._retries = retries
        self._first_wait_s = first_wait_s
        self._lost = Event()
        self._http = httpx.Client(
            base_url=self.url,
            timeout=timeout_s,
            headers={} if key is None else {"Authorization": f"Bearer {key}"},
            limits=httpx.Limits(max_connections=connections),
            # A proxy of the environment is not meant for this very machine.
            trust_env=host not in _LOOPBACK,
        )

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def state(self) -> dict[str, Any]:
        """Return what the service says of itself.

        Raises
        ------
        ServiceUnavailable
            If it does not answer, or not as this service would.
        """
        try:
            response = self._http.get("/")
        except httpx.RequestError as error:
            raise ServiceUnavailable(f"No service answers at {self.url}.", hint=_START) from error
        state = _json_object(response) if response.is_success else None
        if state is None or not isinstance(state.get("models"), list):
            raise ServiceUnavailable(
                f"What answers at {self.url} is not BrainLens, or has trouble "
                f"(status {response.status_code}).",
                hint="Check --url, or look at the service's log.",
            )
        return state

    def send(self, path: Path) -> Reply:
        """Send one image, again where the service is busy or away for a while."""
        try:
            if path.stat().st_size > Limits().max_bytes:
                return Reply(None, FILE_TOO_LARGE)
            data = path.read_bytes()
        except OSError:
            return Reply(None, FILE_UNREADABLE)
        # After one image waited in vain for a service that is gone, the others do not: else a
        # walk over many files would take hours to say so.
        attempts = 1 if self._lost.is_set() else self._retries + 1
        reply = Reply(None, CONNECTION_LOST)
        for attempt in range(attempts):
            reply, wait_s = self._attempt(data, attempt)
            if wait_s is None:
                break
            if attempt + 1 < attempts:
                time.sleep(wait_s)
        self._note(reply)
        return reply

    def _note(self, reply: Reply) -> None:
        if reply.error == CONNECTION_LOST:
            self._lost.set()
        else:
            self._lost.clear()

    def _attempt(self, data: bytes, attempt: int) -> tuple[Reply, float | None]:
        """Return what came of it, and the seconds to wait where it is worth another attempt."""
        backoff_s = min(_LONGEST_WAIT_S, self._first_wait_s * 2**attempt)
        started = time.perf_counter()
        try:
            response = self._http.post(
                "/predict",
                params=self._query,
                content=data,
                headers={"Content-Type": "application/octet-stream"},
            )
        except httpx.RequestError:
            return Reply(None, CONNECTION_LOST, repeats=attempt), backoff_s
        latency_ms = 1000 * (time.perf_counter() - started)
        if response.status_code in _COME_AGAIN:
            wait_s = max(backoff_s, _retry_after_s(response, time.time))
            return Reply(None, _code(response), repeats=attempt), wait_s
        if not response.is_success:
            return Reply(None, _code(response), repeats=attempt), None
        answer = _json_object(response)
        if answer is None:
            return Reply(None, NOT_AN_ANSWER, repeats=attempt), None
        return Reply(answer, latency_ms=latency_ms, repeats=attempt), None


def _host(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise UsageError(
            f"{url} is no address of a service.", hint="Write it like http://127.0.0.1:8000."
        )
    return parsed.host


def _json_object(response: httpx.Response) -> dict[str, Any] | None:
    try:
        value = response.json()
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _code(response: httpx.Response) -> str:
    """Return the code of a problem, or the status where it is none."""
    told = (_json_object(response) or {}).get("type")
    prefix = "urn:brainlens:problem:"
    if isinstance(told, str) and told.startswith(prefix):
        return told.removeprefix(prefix).replace("-", "_")
    return f"status_{response.status_code}"


def _retry_after_s(response: httpx.Response, now: Callable[[], float]) -> float:
    """Return the seconds that Retry-After asks for, bounded; 0 where it asks for none."""
    text = response.headers.get("retry-after", "").strip()
    try:
        seconds = float(text) if text.isdigit() else parsedate_to_datetime(text).timestamp() - now()
    except ValueError:
        return 0.0
    return min(_LONGEST_RETRY_AFTER_S, max(0.0, seconds))
