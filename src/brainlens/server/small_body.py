"""Bodies that are read whole before anything looks at them, bounded in number and time."""

import asyncio
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Largest body of a request that brings no image, in bytes.
MAX_BYTES: Final = 64 * 1024
_STATE: Final = "small_body"


class SmallBody:
    """ASGI middleware that counts what a route receives, and refuses what is too much or too slow.

    FastAPI reads a JSON body whole, however large, before it even looks who sends it. A route that
    takes images counts for itself, under bounds of its own, and says so by `lift`.

    Parameters
    ----------
    app
        The application within.
    timeout
        Seconds within which a body must have arrived.
    """

    def __init__(self, app: ASGIApp, *, timeout: float) -> None:
        self._app = app
        self._timeout = timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body bounded."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        bounds = _Bounds(receive, self._timeout)
        scope.setdefault("state", {})[_STATE] = bounds
        await self._app(scope, bounds.receive, send)


def lift(request: Request) -> None:
    """Let a route count the request's body itself."""
    bounds = request.scope.get("state", {}).get(_STATE)
    if bounds is not None:
        bounds.lifted = True


class _Bounds:
    def __init__(self, receive: Receive, timeout: float) -> None:
        self._receive = receive
        self._timeout = timeout
        self._deadline: float | None = None
        self._size = 0
        self._ended = False
        self.lifted = False

    async def receive(self) -> Message:
        # Once the body is in, what is waited for is the client's leaving, however long that takes.
        if self.lifted or self._ended:
            return await self._receive()
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().time() + self._timeout
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408) from None
        self._size += len(message.get("body", b""))
        if self._size > MAX_BYTES:
            raise HTTPException(413)
        self._ended = not message.get("more_body", False)
        return message
