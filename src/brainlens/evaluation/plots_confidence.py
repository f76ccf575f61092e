"""Pictures of what confidence means: reliability diagram, error by answer rate."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from brainlens.evaluation.calibration_error import reliability_bins
from brainlens.evaluation.confidences import Confidences
from brainlens.evaluation.picture import Format, picture
from brainlens.evaluation.risk import risk_curve
from brainlens.evaluation.scores import Scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK = "#1f5a99"
_OTHER_INK = "#b3541e"
_PALE = "0.6"


def reliability_plot(
    named: Sequence[tuple[str, Scores]], *, title: str = "", kind: Format = "png"
) -> bytes:
    """Return a reliability diagram: how often slices of like confidence are right.

    Parameters
    ----------
    named
        Name → scores, at most two: for instance before and after calibration. Rejected slices are
        left out.
    title
        What the picture is of.
    kind
        ``png`` or ``svg``.

    Raises
    ------
    MissingExtra
        If matplotlib is not installed.
    """

    def draw(axes: "Axes") -> None:
        axes.plot([0, 1], [0, 1], color=_PALE, linestyle="--", linewidth=1, label="as it should be")
        for (name, scores), ink in zip(named, (_INK, _OTHER_INK), strict=False):
            known = ~np.isnan(scores.probabilities).any(axis=1)
            confidence = scores.probabilities[known].max(axis=1)
            bins = reliability_bins(confidence, (scores.predicted == scores.truth)[known])
            label = f"{name} (calibration error {bins.error:.3f})"
            axes.plot(bins.confidence, bins.accuracy, "o-", color=ink, markersize=4, label=label)
        axes.set_xlabel("mean confidence of a fifteenth of the slices")
        axes.set_ylabel("share of them that is right")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.set_aspect("equal")
        axes.legend(loc="upper left", fontsize=8, frameon=False)

    return picture(draw, title=title, kind=kind)


def risk_plot(
    confidences: Confidences, threshold: float, *, title: str = "", kind: Format = "png"
) -> bytes:
    """Return error among the answered by answer rate, with the model's own threshold marked.

    Parameters
    ----------
    confidences
        Of at least one slice.
    threshold
        The model's own, in [0, 1].
    title
        What the picture is of.
    kind
        ``png`` or ``svg``.

    Raises
    ------
    MissingExtra
        If matplotlib is not installed.
    """

    def draw(axes: "Axes") -> None:
        points = [point for point in risk_curve(confidences) if point.error is not None]
        rates = [point.answer_rate for point in points]
        axes.step(rates, [point.error or 0.0 for point in points], where="post", color=_INK)
        (own,) = risk_curve(confidences, [threshold])
        if own.error is not None:
            axes.plot([own.answer_rate], [own.error], "o", color=_OTHER_INK)
            axes.annotate(
                f"threshold {threshold:g}: {own.answer_rate:.0%} answered, "
                f"{own.error:.1%} of them wrong",
                (own.answer_rate, own.error),
                xytext=(0.03, 0.94),
                textcoords="axes fraction",
                fontsize=8,
                arrowprops={"arrowstyle": "-", "color": _PALE, "linewidth": 0.8},
            )
        axes.set_xlabel("share of slices answered")
        axes.set_ylabel("share of wrong among the answered")
        axes.set_xlim(0, 1)
        axes.set_ylim(bottom=0)
        axes.margins(y=0.3)

    return picture(draw, title=title, kind=kind)
