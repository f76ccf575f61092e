"""The parts that every section of the page is made of."""

import base64
from collections.abc import Sequence

from brainlens.html.element import Html, Part, element, table


def section(title: str, *parts: Html | str) -> Html:
    """Return a section; plain text among its parts becomes a paragraph."""
    inner = [part if isinstance(part, Html) else element("p", part) for part in parts]
    return element("section", element("h2", title), *inner)


def facts(rows: Sequence[tuple[str, Part]]) -> Html:
    """Return a list of names and what they are."""
    parts = [joined for name, what in rows for joined in (element("dt", name), element("dd", what))]
    return element("dl", *parts, class_="facts")


def bar(value: float | None, interval: tuple[float, float] | None) -> Html:
    """Return a share in [0, 1] as a bar, its interval as a line over it."""
    if value is None:
        return Html("")
    parts = [element("i", style=f"width: {100 * value:.1f}%")]
    if interval is not None:
        low, high = interval
        parts.append(
            element("s", style=f"left: {100 * low:.1f}%; width: {100 * (high - low):.1f}%")
        )
    return element("div", *parts, class_="bar", aria_hidden="true")


def grid(head: tuple[str, ...], rows: Sequence[tuple[Part, ...]]) -> Html:
    """Return a table, or that there is nothing to show."""
    return table(head, list(rows)) if rows else element("p", "Nothing to show.", class_="soft")


def plots(*pictures: tuple[bytes, str]) -> Html:
    """Return SVG pictures side by side, each with what it shows in words."""
    shown = []
    for svg, words in pictures:
        uri = "data:image/svg+xml;base64," + base64.b64encode(svg).decode()
        shown.append(element("img", src=uri, alt=words))
    return element("div", *shown, class_="plots")
