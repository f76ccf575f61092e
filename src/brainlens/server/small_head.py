"""Heads of requests, bounded in size and number of headers."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from brainlens.server.problems import problem_response
from brainlens.server.refusals import HeadTooLarge

#: Bytes of path, query and headers together.
MAX_BYTES: Final = 16 * 1024
MAX_HEADERS: Final = 100


class SmallHead:
    """ASGI middleware that refuses heads no honest client sends.

    uvicorn's parser bounds a head that is not whole yet. One that arrives in one piece is bounded
    by what is read at a time, a quarter of a mebibyte.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and not _is_small(scope):
            refusal = HeadTooLarge(
                f"The request's head exceeds {MAX_BYTES} bytes or {MAX_HEADERS} headers.",
                hint="Send fewer or shorter headers.",
            )
            await problem_response(refusal, scope)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_small(scope: Scope) -> bool:
    headers = scope["headers"]
    if len(headers) > MAX_HEADERS:
        return False
    size = len(scope["raw_path"]) + len(scope["query_string"])
    return size + sum(len(name) + len(value) for name, value in headers) <= MAX_BYTES
