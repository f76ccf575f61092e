"""Numbers as people read them."""

from typing import Final

from brainlens.bundle.schema import Metric

# No line ends between a number and its sign.
_PER_CENT: Final = "\N{NO-BREAK SPACE}%"


def counted(n: int, noun: str) -> str:
    """Return "1 slice", "2,000 slices"."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def percent(share: float | None) -> str:
    """Return a share in [0, 1] in per cent; a dash where it is undefined."""
    return "–" if share is None else f"{100 * share:.1f}{_PER_CENT}"


def interval(bounds: tuple[float, float] | None) -> str:
    """Return the two ends of an interval of shares, in per cent; empty where there is none."""
    return "" if bounds is None else f"{100 * bounds[0]:.1f} to {100 * bounds[1]:.1f}{_PER_CENT}"


def points(share: float | None) -> str:
    """Return a difference of shares in percentage points, with its sign."""
    return "–" if share is None else f"{100 * share:+.1f}".replace("-", "−")


def with_interval(metric: Metric | None) -> str:
    """Return "87.7 % (95 % interval 84.0 to 91.2 %)", or that no interval is to be had."""
    if metric is None or metric.value is None:
        return "undefined"
    if metric.interval is None:
        return f"{percent(metric.value)} (no interval)"
    return f"{percent(metric.value)} (95{_PER_CENT} interval {interval(metric.interval)})"
