"""A server that files are fetched from, and what its refusals mean."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import httpx

from brainlens.datasets.fetch.patience import Hiccup, Patience, persist
from brainlens.errors import ServiceUnavailable, UsageError

_TOO_LATE: Final = 408
_TOO_MANY: Final = 429
_ACCEPTED: Final = 202
_USER_AGENT: Final = "brainlens (https://pypi.org/project/brainlens)"
# Encoded bodies would be counted and hashed as something else than the file.
_HEADERS: Final = {"User-Agent": _USER_AGENT, "Accept-Encoding": "identity"}


@dataclass
class Server:
    """An HTTP server, its redirects followed.

    Parameters
    ----------
    base
        Address that paths are appended to, for instance ``https://api.figshare.com/v2``.
    patience
        How long to wait for it.

    Raises
    ------
    UsageError
        If ``base`` is no address of the web.
    """

    base: str
    patience: Patience = field(default_factory=Patience)

    def __post_init__(self) -> None:
        self.base = self.base.rstrip("/")
        try:
            parts = urlsplit(self.base)
            sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            sound = False
        if not sound:
            raise UsageError(
                f"{self.base!r} is no address of a server.", hint="For instance https://host/path."
            )
        self._client = httpx.Client(
            timeout=self.patience.timeout, headers=_HEADERS, follow_redirects=True
        )

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str) -> bytes:
        """Return a small document.

        Raises
        ------
        ServiceUnavailable
            If the server cannot be reached or refuses.
        """

        def attempt() -> bytes:
            with self.answer(path) as response:
                return response.read()

        return persist(attempt, self.patience)

    @contextmanager
    def answer(
        self, path: str, headers: Mapping[str, str] | None = None, *, also: tuple[int, ...] = ()
    ) -> Iterator[httpx.Response]:
        """Yield the answer to one request, its body not yet read.

        Parameters
        ----------
        headers
            More headers of the request.
        also
            Statuses that are let through besides 200.

        Raises
        ------
        Hiccup
            If the connection fails, here or while the body is read, or the server is busy.
        ServiceUnavailable
            If the server refuses.
        """
        url = f"{self.base}/{path}"
        try:
            with self._client.stream("GET", url, headers=headers) as response:
                _require(response, (httpx.codes.OK, *also))
                yield response
        except httpx.TransportError as error:
            what = str(error) or type(error).__name__
            raise Hiccup(f"{self._name} does not answer ({what})") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ServiceUnavailable(
                f"{url} cannot be fetched: {error}.", hint="Check the address."
            ) from error

    @property
    def _name(self) -> str:
        return urlsplit(self.base).netloc


def _require(response: httpx.Response, wanted: tuple[int, ...]) -> None:
    status, where = response.status_code, response.url
    if status == _ACCEPTED or "x-amzn-waf-action" in response.headers:
        # figshare's firewall does this to programs at times, with a page for browsers to solve.
        raise ServiceUnavailable(
            f"{where} answers browsers only at the moment.",
            hint="Download the files in a browser and put them into the folder archives, or try "
            "again later.",
        )
    if status in wanted:
        return
    if status in (_TOO_LATE, _TOO_MANY) or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise Hiccup(f"{where.host} answers with status {status}", pause_s=_asked_s(response))
    raise ServiceUnavailable(
        f"{where} answers with status {status} {response.reason_phrase}.".replace(" .", "."),
        hint="Check the address; the files may have moved.",
    )


def _asked_s(response: httpx.Response) -> float | None:
    """Return the pause a server asks for in seconds; dates, the other form, are not looked at."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None
