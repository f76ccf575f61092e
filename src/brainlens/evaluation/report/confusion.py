"""The confusion matrix as a picture."""

import io
from typing import TYPE_CHECKING

import numpy as np

from brainlens.errors import MissingExtra
from brainlens.evaluation.evaluation import Evaluation
from brainlens.evaluation.report.tables import columns, number
from brainlens.words import NOT_A_DEVICE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Above this many classes, numbers in the cells would be too small to read.
_NUMBERED_UP_TO = 20


def confusion_png(evaluation: Evaluation) -> bytes:
    """Return a picture of the confusion matrix: counts, coloured by share of the true class.

    Raises
    ------
    MissingExtra
        If matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra(
            "The picture of the confusion matrix needs matplotlib.",
            hint='Install it: pip install "brainlens[eval]".',
        ) from error
    classes = len(evaluation.class_ids)
    side = min(3.6 + 0.85 * classes, 14)
    # A figure with a canvas of its own: pyplot would keep a window state that threads share.
    figure = Figure(figsize=(side + 1, side), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    _draw(figure.add_subplot(), evaluation)
    figure.supxlabel(NOT_A_DEVICE, fontsize=6, color="0.35")
    buffer = io.BytesIO()
    # Without metadata the same evaluation gives the same bytes.
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _draw(axes: "Axes", evaluation: Evaluation) -> None:
    measurement = evaluation.all
    shown = columns(evaluation.class_ids, measurement)
    counts = measurement.confusion[:, : len(shown)]
    support = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, support, out=np.zeros(counts.shape), where=support > 0)
    picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(shown)), shown, rotation=30, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(evaluation.class_ids)), evaluation.class_ids)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    accuracy = number(measurement.value("accuracy"))
    axes.set_title(
        f"{evaluation.model}, {evaluation.split} ({evaluation.protocol})\n"
        f"{measurement.n_slices} slices, accuracy {accuracy}",
        fontsize=10,
    )
    bar = axes.get_figure(root=True).colorbar(picture, ax=axes, shrink=0.85)  # type: ignore[union-attr]  # the axes were just added to a figure
    bar.set_label("share of the true class")
    if len(shown) > _NUMBERED_UP_TO:
        return
    for (row, column), count in np.ndenumerate(counts):
        share = shares[row, column]
        axes.text(
            column,
            row,
            f"{count}\n{share:.0%}" if count else "0",
            ha="center",
            va="center",
            fontsize=9 if len(shown) <= 6 else 7,
            color=_ink(int(count), share),
        )


def _ink(count: int, share: float) -> str:
    """Return a colour that reads on the cell; an empty cell's 0 stays pale."""
    if not count:
        return "0.6"
    return "white" if share > 0.5 else "black"
