"""One connection of a client, bounded in what it may hold up by being slow, silent or many."""

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from brainlens.errors import BrainLensError, ServiceBusy
from brainlens.server.problems import KINDS, MEDIA_TYPE, RETRY_AFTER_S, Problem
from brainlens.server.refusals import Refusal
from brainlens.server.security_headers import HEADERS

#: Bytes that a client must take up within the time it is given, or be cut off.
LEAST_TAKEN: Final = 4096
#: Seconds for which a refused connection is kept, so that the refusal arrives, and how many are.
LINGER_S: Final = 1.0
LINGERING: Final = 128


class BoundedConnection(H11Protocol):
    """uvicorn's connection, closed when it brings no head in time or takes up no answer.

    uvicorn waits for ever for a head that does not come, and for a client that does not read what
    it was sent; bodies are timed where they are read. `bounded` makes the class for a service.
    """

    seconds: ClassVar[float]
    most: ClassVar[int]
    on_refused: "ClassVar[staticmethod[[], None]]"
    lingering: ClassVar[set[asyncio.Transport]]

    _refused = False
    _head_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Take the connection, unless there are too many."""
        if len(self.connections) >= self.most:
            self._refuse(transport)
            return
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Take bytes; dripped ones buy a head no time."""
        if self._refused:
            return
        super().data_received(data)
        if self._in_request():
            self._stop_awaiting_head()
        elif self._head_timer is None:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_awaiting_head()
        if self._write_timer is not None:
            self._write_timer.cancel()
        self.lingering.discard(self.transport)
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """See that the end of the answer is taken up too."""
        super().on_response_complete()
        if self._write_timer is None and self.transport.get_write_buffer_size():
            self._await_writing(self.transport.get_write_buffer_size())

    def send_400_response(self, msg: str) -> None:
        """Tell who sends no HTTP so, as a problem like every other, and hear no more of them.

        Where a message ends that breaks the rules nobody knows, so nothing after it is read.
        """
        if self.cycle is not None:
            # Whatever the request was, its answer would come second now.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.write(
                _raw_problem(
                    Refusal, "The request is not HTTP.", "Send what RFC 9112 describes.", {}
                )
            )
        self.transport.close()

    def pause_writing(self) -> None:
        """Wait for the client, not for ever."""
        super().pause_writing()
        if self._write_timer is None:
            self._await_writing(self.transport.get_write_buffer_size())

    def _in_request(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(self.seconds, self.transport.abort)

    def _stop_awaiting_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _await_writing(self, size: int) -> None:
        self._write_timer = self.loop.call_later(self.seconds, self._look_at_writing, size)

    def _look_at_writing(self, before: int) -> None:
        size = self.transport.get_write_buffer_size()
        self._write_timer = None
        if size and before - size < LEAST_TAKEN:
            self.transport.abort()
        elif size:
            self._await_writing(size)

    def _refuse(self, transport: asyncio.Transport) -> None:
        self._refused = True
        self.transport = transport
        self.on_refused()
        if len(self.lingering) >= LINGERING:
            transport.abort()
            return
        # Closed at once, the reset that a request on its way provokes could overtake the refusal.
        self.lingering.add(transport)
        transport.write(_refusal())
        if transport.can_write_eof():
            transport.write_eof()
        self._head_timer = self.loop.call_later(LINGER_S, transport.abort)


def _refusal() -> bytes:
    return _raw_problem(
        ServiceBusy,
        "The service holds as many connections as it can.",
        "Send the request again after the seconds of Retry-After.",
        {"Retry-After": str(RETRY_AFTER_S)},
    )


def _raw_problem(
    error: type[BrainLensError], detail: str, hint: str, headers: Mapping[str, str]
) -> bytes:
    """Return a whole answer, for clients whose request no application will see."""
    kind = KINDS[error]
    problem = Problem(
        type=kind.type,
        title=kind.title,
        status=kind.status,
        detail=detail,
        hint=hint,
        instance=f"urn:uuid:{uuid.uuid4()}",
    )
    body = json.dumps(problem.model_dump(exclude_none=True)).encode()
    lines = (
        f"HTTP/1.1 {kind.status} {HTTPStatus(kind.status).phrase}",
        f"Content-Type: {MEDIA_TYPE}",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in {**HEADERS, **headers}.items()),
        "Connection: close",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def bounded(seconds: float, most: int, on_refused: Callable[[], None]) -> type[BoundedConnection]:
    """Return the class of a service's connections.

    Parameters
    ----------
    seconds
        Time within which a request's head must have arrived, and an answer must make progress.
    most
        Connections at a time.
    on_refused
        Called for each one too many.
    """
    values = {
        "seconds": seconds,
        "most": most,
        "on_refused": staticmethod(on_refused),
        "lingering": set(),
    }
    return type("ServiceConnection", (BoundedConnection,), values)
