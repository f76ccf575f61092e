"""One picture of a robustness measurement: a panel a perturbation."""

import io
from typing import TYPE_CHECKING, Final, Literal

from brainlens.errors import MissingExtra
from brainlens.evaluation.robustness.robustness import FamilyResult, Robustness, grade_text
from brainlens.words import NOT_A_DEVICE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS: Final = 3
# Okabe and Ito's blue and vermilion: told apart by everyone, and in grey by their line styles.
_ACCURACY: Final = "#0072B2"
_ANSWERED: Final = "#D55E00"


def robustness_plot(result: Robustness, kind: Literal["png", "svg"] = "png") -> bytes:
    """Return a picture of accuracy and answer rate over the grades of every perturbation.

    Bars are 95 % intervals; the leftmost point of each panel is the unchanged slices, the dotted
    line what naming the most frequent class always would reach. The same result gives the same
    bytes.

    Parameters
    ----------
    result
        What was measured, with one family at least.
    kind
        Format.

    Raises
    ------
    MissingExtra
        If matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra(
            "The picture of robustness needs matplotlib.",
            hint='Install it: pip install "brainlens[eval]".',
        ) from error
    rows = -(-len(result.families) // _COLUMNS)
    # Without salt and metadata the ids and the date in an SVG would differ each time.
    with rc_context({"svg.hashsalt": "brainlens", "svg.fonttype": "none"}):
        figure = Figure(figsize=(10, 0.9 + 2.2 * rows), dpi=110, layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
        for axes in panels[len(result.families) :]:
            axes.set_axis_off()
        for axes, family in zip(panels, result.families, strict=False):
            _draw(axes, result, family)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=3, fontsize=8)
        patients = "" if result.n_patients is None else f" of {result.n_patients} patients"
        figure.supxlabel(
            f"{result.model}, {result.split} ({result.protocol}): {result.n_slices} slices"
            f"{patients}. {NOT_A_DEVICE}",
            fontsize=6,
            color="0.35",
        )
        buffer = io.BytesIO()
        nothing = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
        figure.savefig(buffer, format=kind, metadata=nothing)
    return buffer.getvalue()


def _draw(axes: "Axes", result: Robustness, family: FamilyResult) -> None:
    points = range(len(family.grades) + 1)
    answered = f"answered (confidence ≥ {result.threshold:g})"
    # A little apart, so that neither bar hides the other.
    for name, label, colour, style, aside in (
        ("accuracy", "accuracy", _ACCURACY, "o-", -0.04),
        ("answer_rate", answered, _ANSWERED, "s--", 0.04),
    ):
        figures = [result.unchanged[name], *(grade.figures[name] for grade in family.grades)]
        # Neither can be undefined: every slice counts.
        values = [figure.value or 0.0 for figure in figures]
        bounds = [
            figure.interval or (value, value) for figure, value in zip(figures, values, strict=True)
        ]
        # A percentile interval need not hold its own value.
        below = [max(v - low, 0) for v, (low, _) in zip(values, bounds, strict=True)]
        above = [max(high - v, 0) for v, (_, high) in zip(values, bounds, strict=True)]
        axes.errorbar(
            [point + aside for point in points],
            values,
            yerr=(below, above),
            fmt=style,
            color=colour,
            label=label,
            markersize=3.5,
            linewidth=1.2,
            capsize=2,
        )
    axes.axhline(
        result.majority, color="0.45", linestyle=":", linewidth=1, label="most frequent class"
    )
    axes.set_ylim(-0.02, 1.04)
    axes.set_xticks(points, ["none", *(grade_text(grade.grade) for grade in family.grades)])
    axes.tick_params(labelsize=7)
    axes.set_title(family.name, fontsize=9, loc="left", fontweight="bold")
    axes.set_xlabel(family.scale, fontsize=7)
    axes.grid(axis="y", color="0.9", linewidth=0.6)
