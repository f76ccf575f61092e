"""Pieces of Markdown whose content cannot break out of them."""

from collections.abc import Iterable, Sequence


def one_line(text: object) -> str:
    """Return ``text`` with every run of white space as one space."""
    return " ".join(str(text).split())


def bullets(lines: Iterable[str]) -> str:
    """Return a list, one item a line."""
    return "\n".join(f"- {one_line(line)}" for line in lines)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; bars in cells are escaped."""

    def line(cells: Sequence[object]) -> str:
        return "| " + " | ".join(one_line(c).replace("|", "\\|") for c in cells) + " |"

    return "\n".join([line(head), line(["---"] * len(head)), *(line(row) for row in rows)])
