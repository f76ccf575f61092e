"""Cells of the tables here."""

from collections.abc import Mapping
from typing import Any


def share(figure: Mapping[str, Any]) -> str:
    """Return a share in per cent with its interval, from the dict that a report keeps of it."""
    value = f"{100 * figure['value']:.1f} %"
    if figure["interval"] is None:
        return value
    low, high = (100 * bound for bound in figure["interval"])
    return f"{value} ({low:.1f}–{high:.1f})"
