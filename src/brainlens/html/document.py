"""A whole page: its head, its style, and what keeps it from loading or running anything."""

from importlib.resources import files
from typing import Final

from brainlens.html.element import Html, element, joined

# The page loads nothing and runs nothing, whatever a file name may try.
_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def document(title: str, *parts: Html, style: str = "") -> str:
    """Return a page that stands alone: light or dark as the reader's screen is, light on paper.

    Parameters
    ----------
    title
        What the window is called.
    parts
        What the page holds.
    style
        CSS of this page's own, after the style that all pages share.
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Html(style_of(__package__ or "") + style)),
    )
    body = element("body", element("main", *parts))
    return joined(Html("<!DOCTYPE html>\n"), Html(f'<html lang="en">{head}{body}</html>\n'))


def style_of(package: str) -> str:
    """Return the ``style.css`` that lies in a package."""
    return files(package).joinpath("style.css").read_text(encoding="utf-8")
