"""Who may ask: no web page of another origin can use a service on loopback."""

import re
from collections.abc import Collection
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from brainlens.server.problems import problem_response
from brainlens.server.refusals import HostRefused, OriginRefused, Refusal

LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HOST: Final = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")
_SAME: Final = frozenset({"same-origin", "none"})
_READING: Final = frozenset({"GET", "HEAD"})


class OriginGuard:
    """ASGI middleware that checks Host, Origin and Sec-Fetch-Site.

    The Host check defeats DNS rebinding: a page whose name was made to point at loopback still
    sends its own name. The Origin check defeats forms and scripts of other pages, whose answers
    the browser would hide but whose requests it would send. Sec-Fetch-Site covers the requests
    for which browsers send no Origin. Following a link to the service is let through: the page
    that holds the link learns nothing of the answer.

    Parameters
    ----------
    app
        The application within.
    hosts
        Host names answered to, lower case, without port.
    origins
        Foreign origins allowed, lower case, without a slash at the end.
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str], origins: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http":
            refusal = self._refusal(scope, Headers(scope=scope))
            if refusal is not None:
                await problem_response(refusal, scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> Refusal | None:
        hosts = headers.getlist("host")
        host = hosts[0].lower() if len(hosts) == 1 else ""
        match = _HOST.fullmatch(host)
        if match is None or match["name"].removesuffix(".") not in self._hosts:
            return HostRefused(
                "The request names a host that this service does not answer to.",
                hint="Use 127.0.0.1 or localhost, or add the name to BRAINLENS_ALLOWED_HOSTS.",
            )
        origins = headers.getlist("origin")
        if origins:
            own = f"{scope['scheme']}://{host}"
            allowed = all(o.lower() == own or o.lower() in self._origins for o in origins)
        else:
            site = headers.get("sec-fetch-site", "none").lower()
            allowed = site in _SAME or _follows_a_link(scope, headers)
        if allowed:
            return None
        return OriginRefused(
            "The request comes from a web page of another origin.",
            hint="Add the page's origin to BRAINLENS_ALLOWED_ORIGINS if it may use the service.",
        )


def _follows_a_link(scope: Scope, headers: Headers) -> bool:
    """Whether the browser opens the address as a page of its own, for reading."""
    return (
        scope["method"] in _READING
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )
