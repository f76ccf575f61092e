"""The files of the page, held in memory: what is not among them cannot be asked for."""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response

INDEX: Final = "index.html"

# Blobs hold the pictures that the person dropped and those that the service drew.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

_PACKAGE: Final = "brainlens.server.page"
_MEDIA_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".webp": "image/webp",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the page.

    Attributes
    ----------
    body, packed
        Its bytes, as they are and by gzip; ``packed`` is None where that gains nothing.
    etag
        A strong entity tag of ``body``, quotes included.
    """

    body: bytes
    packed: bytes | None
    media_type: str
    etag: str

    def response(self, request: Headers) -> Response:
        """Return the answer to a GET with these headers: the file, or that it is unchanged."""
        packed = self.packed is not None and _takes_gzip(request)
        # One tag a representation: the same tag for two of them would make a cache mix them.
        etag = self.etag[:-1] + '-gzip"' if packed else self.etag
        headers = {"Cache-Control": "no-cache", "ETag": etag, "Vary": "Accept-Encoding"}
        if self.media_type.startswith("text/html"):
            # The parts are no documents: the service's own policy, which allows nothing, is theirs.
            headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        if etag in _tags(request.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        if packed and self.packed is not None:
            headers["Content-Encoding"] = "gzip"
            return Response(self.packed, media_type=self.media_type, headers=headers)
        return Response(self.body, media_type=self.media_type, headers=headers)


@cache
def assets() -> Mapping[str, Asset]:
    """Return every file of the page by its path within it, for instance ``viewer/viewer.js``."""
    return dict(_walk(files(_PACKAGE), ""))


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Asset]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
            continue
        suffix = entry.name[entry.name.rfind(".") :]
        if suffix in _MEDIA_TYPES:
            yield prefix + entry.name, _asset(entry.read_bytes(), _MEDIA_TYPES[suffix])


def _asset(body: bytes, media_type: str) -> Asset:
    packed = gzip.compress(body, mtime=0)
    digest = hashlib.sha256(body).hexdigest()[:32]
    return Asset(body, packed if len(packed) < len(body) else None, media_type, f'"{digest}"')


def _takes_gzip(request: Headers) -> bool:
    for offer in request.get("accept-encoding", "").lower().split(","):
        name, _, weight = offer.partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _tags(header: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}
