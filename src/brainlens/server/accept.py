"""Which of two media types a request would rather have (RFC 9110, section 12.5.1)."""

from collections.abc import Iterator
from typing import Final

_HTML: Final = "text/html"
_JSON: Final = "application/json"


def prefers_html(accept: str | None) -> bool:
    """Whether ``Accept`` ranks HTML above JSON, as browsers do when they open an address.

    Programs send no header, or ``*/*``: those get JSON.
    """
    ranges = list(_ranges(accept or ""))
    return _weight(_HTML, ranges) > _weight(_JSON, ranges)


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            yield name, float(weight)
        except ValueError:
            # A weight that is no number says nothing: the range is as good as not there.
            continue


def _weight(media_type: str, ranges: list[tuple[str, float]]) -> float:
    """Return the weight of the most specific range that covers ``media_type``; 0 if none does."""
    by_name = dict(ranges)
    for name in (media_type, media_type.split("/")[0] + "/*", "*/*"):
        if name in by_name:
            return by_name[name]
    return 0.0
