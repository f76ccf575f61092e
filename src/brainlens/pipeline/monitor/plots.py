"""Pictures of volume, and of distributions beside those of the reference."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from brainlens.evaluation.picture import picture
from brainlens.pipeline.monitor.monitoring import STATUSES, ModelMonitoring

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INKS: Final = dict(zip(STATUSES, ("#1f5a99", "#d9a441", "#8a8f98"), strict=True))
_RECORDS_INK: Final = "#1f5a99"
_REFERENCE_INK: Final = "#b3541e"
#: Days shown one by one; longer stretches are shown by the week.
DAYS: Final = 92


def volume_plot(model: ModelMonitoring) -> bytes:
    """Return, as SVG, the records by day (or week) and status.

    Raises
    ------
    MissingExtra
        If matplotlib is not installed.
    """
    periods, counts, width = by_period(model.by_day())

    def draw(axes: "Axes") -> None:
        bottom = np.zeros(len(periods))
        starts = np.array(periods, dtype="datetime64[D]")
        for status in STATUSES:
            heights = np.array([one[status] for one in counts])
            axes.bar(
                starts,
                heights,
                width=0.9 * width,
                bottom=bottom,
                align="edge",
                color=_INKS[status],
                label=status,
            )
            bottom += heights
        axes.set_ylabel("predictions a day" if width == 1 else "predictions a week")
        axes.tick_params(axis="x", labelrotation=45, labelsize=8)
        axes.legend(fontsize=8, frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1))

    return picture(draw, kind="svg", size=(5, 4))


def by_period(
    days: Sequence[tuple[date, dict[str, int]]],
) -> tuple[list[date], list[dict[str, int]], int]:
    """Return the days of a short stretch, or the weeks of a long one, and days a period."""
    span = (days[-1][0] - days[0][0]).days + 1
    width = 1 if span <= DAYS else 7
    found: dict[date, dict[str, int]] = {}
    for day, counts in days:
        start = day if width == 1 else day - timedelta(days=day.weekday())
        kept = found.setdefault(start, dict.fromkeys(STATUSES, 0))
        for status in STATUSES:
            kept[status] += counts[status]
    return list(found), list(found.values()), width


def confidence_plot(values: NDArray[np.float64], above: Sequence[tuple[float, float]]) -> bytes:
    """Return, as SVG, the share of slices below each confidence.

    Parameters
    ----------
    values
        Confidences of records, at least one.
    above
        Threshold → share that reaches it, of the reference; empty where there is none.

    Raises
    ------
    MissingExtra
        If matplotlib is not installed.
    """
    below = [(threshold, 1 - share) for threshold, share in above]
    return _distribution(values, below, "confidence", (0.0, 1.0))


def distance_plot(values: NDArray[np.float64], quantiles: Sequence[float]) -> bytes:
    """Return, as SVG, the share of slices below each distance from the training slices.

    Parameters
    ----------
    values
        Distances of records, at least one.
    quantiles
        Of the reference, at equal steps; empty where there is none.

    Raises
    ------
    MissingExtra
        If matplotlib is not installed.
    """
    steps = np.linspace(0, 1, len(quantiles)).tolist()
    # A few slices far out would press all others into a corner.
    end = 1.05 * max((float(np.quantile(values, 0.99)), *quantiles[-1:]))
    below = list(zip(quantiles, steps, strict=True))
    return _distribution(values, below, "distance from the training slices", (0.0, end))


def _distribution(
    values: NDArray[np.float64],
    below: Sequence[tuple[float, float]],
    what: str,
    limits: tuple[float, float],
) -> bytes:
    def draw(axes: "Axes") -> None:
        ordered = np.sort(values)
        shares = np.arange(1, len(ordered) + 1) / len(ordered)
        axes.step(ordered, shares, where="post", color=_RECORDS_INK, label="records")
        if below:
            points, known = zip(*below, strict=True)
            label = "where the model was measured"
            axes.plot(points, known, "--", color=_REFERENCE_INK, linewidth=1.2, label=label)
        axes.set_xlabel(what)
        axes.set_ylabel("share of slices below")
        axes.set_xlim(*limits)
        axes.set_ylim(0, 1)
        axes.legend(fontsize=8, frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)

    return picture(draw, kind="svg", size=(5, 4))
