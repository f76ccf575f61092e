"""Cells of the tables here."""

from collections.abc import Sequence


def share(value: float | None, interval: Sequence[float] | None) -> str:
    """Return a share in per cent with its interval, a dash where it is undefined."""
    if value is None:
        return "–"
    if interval is None:
        return f"{100 * value:.1f} %"
    low, high = (100 * bound for bound in interval)
    return f"{100 * value:.1f} % ({low:.1f}–{high:.1f})"
