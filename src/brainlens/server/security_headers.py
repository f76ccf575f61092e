"""Headers that keep an answer from being stored, sniffed, framed or run."""

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from brainlens.server.origin import LOOPBACK_NAMES

# Referrer-Policy is not no-referrer: that would make browsers send "Origin: null" with the form
# of the service's own page.
HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
#: For a year a browser that came by HTTPS never comes to this name by HTTP.
HSTS: Final = "max-age=31536000"


class SecurityHeaders:
    """ASGI middleware that adds `HEADERS` to every answer that does not set its own.

    Parameters
    ----------
    app
        The application within.
    https
        Whether the service itself speaks HTTPS: then `HSTS` is added, under names of its own.
        Not under those of loopback, which a browser would from then on ask by HTTPS on every
        port, whatever else runs there.
    """

    def __init__(self, app: ASGIApp, *, https: bool = False) -> None:
        self._app = app
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the answer's headers."""

        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if self._https and not _is_loopback(Headers(scope=scope).get("host", "")):
                    headers.setdefault("Strict-Transport-Security", HSTS)
            await send(message)

        await self._app(scope, receive, sender)


def _is_loopback(host: str) -> bool:
    return host.lower().rpartition(":")[0] in LOOPBACK_NAMES or host.lower() in LOOPBACK_NAMES
