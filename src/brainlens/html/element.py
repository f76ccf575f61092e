"""HTML that cannot forget to escape."""

from collections.abc import Sequence
from html import escape
from typing import Final

_ALONE: Final = frozenset({"img", "meta", "wbr"})


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


Part = str | int | Html


def element(name: str, /, *parts: Part, **attributes: str | int) -> Html:
    """Return an element; plain text among its parts and in its attributes is escaped.

    Parameters
    ----------
    parts
        What it holds.
    attributes
        A trailing underscore is dropped (``class_``), another becomes a hyphen.
    """
    opened = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
    )
    if name in _ALONE:
        return Html(f"<{name}{opened}>")
    return Html(f"<{name}{opened}>{joined(*parts)}</{name}>")


def joined(*parts: Part) -> Html:
    """Return parts one after the other; plain text is escaped."""
    return Html("".join(p if isinstance(p, Html) else escape(str(p)) for p in parts))


def table(head: tuple[str, ...], rows: Sequence[tuple[Part, ...]]) -> Html:
    """Return a table; columns of whole or decimal numbers stand to the right."""
    numeric = [all(_is_number(row[c]) for row in rows) for c in range(len(head))]
    kinds = ["number" if n else "text" for n in numeric]

    def line(name: str, cells: tuple[Part, ...]) -> Html:
        return element(
            "tr", *(element(name, cell, class_=kinds[c]) for c, cell in enumerate(cells))
        )

    body = [line("td", row) for row in rows]
    inner = element("table", element("thead", line("th", head)), element("tbody", *body))
    return element("div", inner, class_="scroll")


def _is_number(part: Part) -> bool:
    if isinstance(part, Html):
        return False
    return isinstance(part, int) or part in ("", "–") or part.lstrip("+−")[:1].isdigit()
