"""A picture of one pair of axes, the same bytes for the same figures."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from brainlens.errors import MissingExtra
from brainlens.words import NOT_A_DEVICE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Format = Literal["png", "svg"]


def picture(
    draw: Callable[["Axes"], None],
    *,
    title: str = "",
    kind: Format = "png",
    size: tuple[float, float] = (5, 5),
) -> bytes:
    """Return a picture with the sentence that goes with every figure below it.

    Parameters
    ----------
    draw
        Draws into the axes it is given.
    title
        What the picture is of.
    kind
        ``png`` or ``svg``.
    size
        Width and height, in inches of 120 pixels.

    Raises
    ------
    MissingExtra
        If matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra(
            "Pictures need matplotlib, which is not installed.",
            hint='Install it: pip install "brainlens[eval]".',
        ) from error
    # Salt and no date: the same figures give the same bytes. A figure of its own: pyplot would keep
    # a window state that threads share.
    with rc_context({"svg.hashsalt": "brainlens", "svg.fonttype": "path"}):
        figure = Figure(figsize=size, dpi=120, layout="constrained")
        axes = figure.add_subplot()
        draw(axes)
        axes.set_title(title, fontsize=10)
        figure.supxlabel(NOT_A_DEVICE, fontsize=6, color="0.35")
        buffer = io.BytesIO()
        nothing = {"Software": None} if kind == "png" else {"Date": None}
        figure.savefig(buffer, format=kind, metadata=nothing)
    return buffer.getvalue()
