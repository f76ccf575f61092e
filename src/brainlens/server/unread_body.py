"""Answers given before a request's body was read, made sure to reach the caller."""

import asyncio
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LINGER_BYTES: Final = 256 * 1024 * 1024
LINGER_SECONDS: Final = 5.0


class UnreadBody:
    """ASGI middleware that closes in good order the connections of refused uploads.

    A connection closed while the client still sends is reset by the system, and the reset can
    overtake the answer. So the answer goes out at once, what still comes is thrown away for a
    bounded time and number of bytes, and only then the connection is closed. Kept open it cannot
    be: the rest of the body would have to be read as long as it lasts.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and see to its connection."""
        if scope["type"] != "http" or not _has_body(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        body = _Body(receive)

        async def sender(message: Message) -> None:
            if body.ended:
                await send(message)
            elif message["type"] == "http.response.start":
                headers = [*message.get("headers", []), (b"connection", b"close")]
                await send({**message, "headers": headers})
            elif message["type"] == "http.response.body" and not message.get("more_body"):
                await send({**message, "more_body": True})
                await body.throw_away()
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                await send(message)

        await self._app(scope, body.receive, sender)


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


class _Body:
    """Watches whether a request's body has been received whole."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.ended = False

    async def receive(self) -> Message:
        """Receive the next message and note the last one of the body."""
        message = await self._receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            self.ended = True
        return message

    async def throw_away(self) -> None:
        """Receive what still comes, up to the limits."""
        left = LINGER_BYTES
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while not self.ended and left > 0:
                    left -= len((await self.receive()).get("body", b""))
        except TimeoutError:
            # The client had its time; closing now is what is left to do.
            return
