"""Whether the model looks at the lesion."""

from collections.abc import Mapping
from typing import Final

from brainlens.evaluation.looking import Looking
from brainlens.evaluation.looking_text import (
    CONDITION_NAMES,
    LESION_NAMES,
    LOCALISATION_NAMES,
    lesion_rows,
    localisation_rows,
    looking_sentences,
    painting_rows,
)
from brainlens.evaluation.painting import CONDITIONS
from brainlens.evaluation.ratio import Ratio
from brainlens.evaluation.report.section import bar, grid, section
from brainlens.evaluation.report.wording import counted, interval, percent, points
from brainlens.html.element import Html, Part, element, joined

_DIFFERENCES: Final = {
    "painting": "what painting alone costs",
    "lesion_removed": "what the lesion gives beyond another place",
    "lesion_alone": "what the lesion alone gives beyond another place alone",
}


def looking(found: Looking) -> Html:
    """Return where heat maps point, and what painting over the lesion does."""
    patients = "" if found.n_patients is None else f" of {counted(found.n_patients, 'patient')}"
    return section(
        "Is it looking at the tumour?",
        f"{counted(found.n_slices, 'slice')}{patients} whose lesion somebody outlined.",
        *looking_sentences(found),
        _located(found),
        _lesion_located(found),
        _painted(found),
        element(
            "details",
            element("summary", "By class"),
            *(
                _text_table(rows)
                for rows in (localisation_rows(found), lesion_rows(found), painting_rows(found))
                if rows
            ),
        ),
    )


def _located(found: Looking) -> Html:
    return joined(
        element("h3", "Where the heat map of the named class points"),
        element(
            "p",
            "A lesion that fills a tenth of the head is hit by luck one time in ten, so what luck "
            "would reach stands in the table too.",
        ),
        _figures(found.localisation["all"], LOCALISATION_NAMES),
    )


def _lesion_located(found: Looking) -> Html:
    if found.lesion_grid is None:
        return joined()
    return joined(
        element("h3", "Where the lesion map points"),
        element("p", "The network was trained on outlines to mark the lesion, whatever it is."),
        _figures(found.lesion_localisation["all"], LESION_NAMES),
    )


def _figures(figures: Mapping[str, Ratio], names: Mapping[str, str]) -> Html:
    rows: list[tuple[Part, ...]] = [
        (words, *_cells(figures[name]), bar(figures[name].value, figures[name].interval))
        for name, words in names.items()
    ]
    return grid(("figure", "value", "95 % interval", "0 to 100 %"), rows)


def _painted(found: Looking) -> Html:
    painting = found.painting
    rows: list[tuple[Part, ...]] = [
        (
            CONDITION_NAMES[name],
            *_cells(painting.conditions[name]["accuracy"]),
            percent(painting.conditions[name]["answer_rate"].value),
        )
        for name in CONDITIONS
    ]
    differences: list[tuple[Part, ...]] = [
        (words, *_points(painting.differences[name])) for name, words in _DIFFERENCES.items()
    ]
    return joined(
        element("h3", "With the lesion, or everything else, painted over"),
        element(
            "p",
            f"{counted(painting.n_slices, 'slice')}, the same in every row. Painting changes a "
            "picture by itself, so a control of the same shape is painted elsewhere in the head.",
        ),
        grid(("picture", "right", "95 % interval", "answered"), rows),
        grid(("difference in accuracy", "points", "95 % interval"), differences),
    )


def _text_table(rows: list[tuple[str, ...]]) -> Html:
    head, *body = rows
    return grid(head, [tuple(row) for row in body])


def _cells(ratio: Ratio) -> tuple[str, str]:
    return percent(ratio.value), interval(ratio.interval)


def _points(ratio: Ratio) -> tuple[str, str]:
    bounds = "" if ratio.interval is None else " to ".join(map(points, ratio.interval))
    return points(ratio.value), bounds
