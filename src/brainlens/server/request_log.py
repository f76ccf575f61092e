"""One log line a request, and the last net under an error nobody foresaw."""

import asyncio
import json
import logging
import time
import traceback
import uuid
from collections.abc import Callable
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from brainlens.errors import ServiceBusy
from brainlens.server.problems import CLIENT_GONE, INTERNAL, problem_response

LOGGER: Final = logging.getLogger("brainlens.server")
UNMATCHED: Final = "(no route)"

OnAnswered = Callable[[str, str, int, float], None]


class RequestLog:
    """ASGI middleware: names each request, logs it, tells unforeseen errors as problems.

    A line holds the route, never the path, query, headers or body that the caller chose: those
    may carry file names or a patient's data. For the same reason an unforeseen error is logged
    by its type and the places it passed, without its message.

    Parameters
    ----------
    app
        The application within.
    on_answered
        Called with the method, the route, the status and the seconds of each request.
    """

    def __init__(self, app: ASGIApp, on_answered: OnAnswered) -> None:
        self._app = app
        self._on_answered = on_answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under a new identifier and log how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status: int | None = None

        async def sender(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", []), (b"x-request-id", request_id.encode())]
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self._app(scope, receive, sender)
        except asyncio.CancelledError:
            # The service is told to stop, and the time for requests under way is over.
            if status is not None:
                raise
            stopping = ServiceBusy(
                "The service is stopping.", hint="Send the request again when it is back."
            )
            await problem_response(stopping, scope)(scope, receive, sender)
        except Exception as error:
            log_error(error, request_id)
            if status is not None:
                # Half an answer is out: the server must cut the connection.
                raise UnfinishedAnswer(request_id) from None
            await problem_response(error, scope)(scope, receive, sender)
        finally:
            seconds = time.perf_counter() - started
            method, route = scope["method"], _route(scope)
            self._on_answered(method, route, status or CLIENT_GONE, seconds)
            log(
                "request",
                request_id=request_id,
                method=method[:16],
                route=route,
                status=status or CLIENT_GONE,
                key=scope["state"].get("key_id"),
                ms=round(seconds * 1000, 1),
            )


class UnfinishedAnswer(RuntimeError):
    """An answer broke off after its head had been sent; says no more than which request."""


def _route(scope: Scope) -> str:
    """Return the path of the matched route as the program spells it."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else UNMATCHED


def log(event: str, level: int = logging.INFO, **values: Any) -> None:
    """Write one structured line: the event's name and its values, as JSON."""
    LOGGER.log(level, "%s", json.dumps({"event": event, **values}))


def log_error(error: BaseException, request_id: str) -> None:
    """Log an unforeseen error by its type and places, without the message it carries."""
    frames = traceback.extract_tb(error.__traceback__)
    log(
        INTERNAL.code,
        logging.ERROR,
        request_id=request_id,
        error=type(error).__name__,
        places=[f"{frame.name}:{frame.lineno}" for frame in frames[-8:]],
    )
