"""A request's bytes, bounded in number and time before anything looks at them."""

import asyncio
from typing import Final

from starlette.requests import Request

from brainlens.errors import ImageTooLarge
from brainlens.server.refusals import SlowRequest
from brainlens.server.small_body import lift

# What a form adds around the file: boundaries and part headers.
FORM_ENVELOPE_BYTES: Final = 16 * 1024


def too_large(limit: int) -> ImageTooLarge:
    """Return the error for an upload above ``limit`` bytes."""
    return ImageTooLarge(
        f"The upload exceeds {limit} bytes.", hint="Send one slice, smaller or compressed."
    )


def _declared_length(request: Request) -> int:
    """Return Content-Length, or 0 where there is none; the HTTP parser has checked its form."""
    text = request.headers.get("content-length", "0")
    return int(text) if text.isascii() and text.isdigit() else 0


async def receive_body(request: Request, *, max_bytes: int, timeout: float, envelope: int) -> bytes:
    """Return the body, or refuse it as soon as it is known to be too large or too slow.

    Parameters
    ----------
    request
        The request, its body not yet read.
    max_bytes
        Largest upload, in bytes.
    timeout
        Seconds within which all of it must have arrived.
    envelope
        Bytes allowed besides, for what a form adds around the file.

    Raises
    ------
    ImageTooLarge
        If Content-Length says more, or more has arrived.
    SlowRequest
        If it takes longer.
    starlette.requests.ClientDisconnect
        If the client goes away.
    """
    lift(request)
    limit = max_bytes + envelope
    if _declared_length(request) > limit:
        raise too_large(max_bytes)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(timeout):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise too_large(max_bytes)
                chunks.append(chunk)
    except TimeoutError:
        raise SlowRequest(
            f"The request did not arrive whole within {timeout:g} seconds.",
            hint="Send it again over a faster or quieter line.",
        ) from None
    return b"".join(chunks)


async def wait_for_disconnect(request: Request) -> None:
    """Return when the client has gone away; the body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
