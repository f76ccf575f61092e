"""What a model looks at, in sentences and table rows."""

from typing import Final

from brainlens.evaluation.localisation import FIGURES, TOLERANCE
from brainlens.evaluation.looking import Looking
from brainlens.evaluation.painting import CONDITIONS
from brainlens.evaluation.painting import FIGURES as PAINTING_FIGURES
from brainlens.evaluation.ratio import Ratio

_NEAR: Final = f"within {TOLERANCE} pixels of it"

#: What people read for a figure of localisation.
LOCALISATION_NAMES: Final = {
    "pointing": "heat map's peak in the lesion",
    "pointing_15px": f"heat map's peak {_NEAR}",
    "energy": "share of the heat in the lesion",
    "random_pixel": "random pixel of the head in the lesion",
    "random_pixel_15px": f"random pixel {_NEAR}",
    "head_centre": "middle of the head in the lesion",
    "head_centre_15px": f"middle of the head {_NEAR}",
    "best_of_grid": "any cell centre of the map in the lesion",
    "best_of_grid_15px": f"any cell centre {_NEAR}",
}

#: Figures of the lesion map: the others do not depend on the map.
LESION_FIGURES: Final = tuple(
    name for name in FIGURES if name.startswith(("point", "energy", "best"))
)

#: What people read for a figure of the lesion map.
LESION_NAMES: Final = {
    name: LOCALISATION_NAMES[name]
    .replace("heat map", "lesion map")
    .replace("share of the heat", "share of the lesion map")
    for name in LESION_FIGURES
}

#: What people read for a way of painting.
CONDITION_NAMES: Final = {
    "whole": "slice as it is",
    "lesion_painted": "lesion painted over",
    "control_painted": "as much elsewhere painted over",
    "only_lesion": "all but the lesion scrambled",
    "only_control": "all but a part elsewhere scrambled",
}


def localisation_rows(looking: Looking) -> list[tuple[str, ...]]:
    """Return (figure, all slices with interval, then each class) as text, a heading row first."""
    rows = [("heat map", "all slices (95 % interval)", *looking.class_ids)]
    for figure in FIGURES:
        by_class = (_short(looking.localisation[c][figure]) for c in looking.class_ids)
        whole = str(looking.localisation["all"][figure])
        rows.append((LOCALISATION_NAMES[figure], whole, *by_class))
    return rows


def lesion_rows(looking: Looking) -> list[tuple[str, ...]]:
    """Return the same of the lesion map; nothing where the network has none."""
    if looking.lesion_grid is None:
        return []
    rows = [("lesion map", "all slices (95 % interval)", *looking.class_ids)]
    for figure in LESION_FIGURES:
        of = looking.lesion_localisation
        by_class = (_short(of[c][figure]) for c in looking.class_ids)
        rows.append((LESION_NAMES[figure], str(of["all"][figure]), *by_class))
    return rows


def painting_rows(looking: Looking) -> list[tuple[str, ...]]:
    """Return (picture, accuracy, answered, probability, accuracy by class) as text, heading first.

    The three figures of all slices come with their 95 % intervals.
    """
    painting = looking.painting
    head = ("picture", "accuracy", "answered", "probability of the true class")
    rows: list[tuple[str, ...]] = [(*head, *looking.class_ids)]
    for condition in CONDITIONS:
        figures = painting.conditions[condition]
        rows.append(
            (
                CONDITION_NAMES[condition],
                *(str(figures[name]) for name in PAINTING_FIGURES),
                *(_short(painting.by_class[c][condition]) for c in looking.class_ids),
            )
        )
    return rows


def looking_sentences(looking: Looking) -> list[str]:
    """Return what was found and what was left out, one sentence or two each."""
    found = []
    of_all = looking.localisation["all"]
    if looking.grid is not None:
        rows, columns = looking.grid
        found.append(
            f"The heat map's highest point lies in the lesion in {_percent(of_all['pointing'])} of "
            f"slices; the middle of the head does in {_percent(of_all['head_centre'])}, and no map "
            f"of {rows} x {columns} cells can reach more than "
            f"{_percent(of_all['best_of_grid'])}."
        )
    if looking.lesion_grid is not None:
        rows, columns = looking.lesion_grid
        of_lesion = looking.lesion_localisation["all"]
        found.append(
            f"The highest point of the lesion map, of {rows} x {columns} cells, lies in the lesion "
            f"in {_percent(of_lesion['pointing'])} of slices; {_percent(of_lesion['energy'])} of "
            "all that it marks does."
        )
    painting = looking.painting
    if painting.majority is not None:
        accuracy = {c: _percent(painting.conditions[c]["accuracy"]) for c in CONDITIONS}
        found += [
            f"With the lesion painted over the model is right in {accuracy['lesion_painted']} of "
            f"slices; with as much painted over elsewhere, in {accuracy['control_painted']}. "
            f"{_worth(painting.differences['lesion_removed'])}",
            f"With nothing but the lesion to see it is right in {accuracy['only_lesion']}; with as "
            f"much of another part to see, in {accuracy['only_control']}. Naming the most frequent "
            f"class always would be right in {painting.majority:.1%}.",
        ]
    return found + [sentence for sentence, n in _left_out(looking) if n]


def _worth(difference: Ratio) -> str:
    if difference.value is None or difference.n_units < 2:
        return "From one patient it cannot be told what the lesion itself is worth."
    # Without an interval all patients agree.
    low, high = difference.interval or (difference.value, difference.value)
    if low > 0:
        return "So the lesion itself counts for something."
    if high < 0:
        return "So the model does better without the lesion, which nobody should trust."
    return "That the lesion itself counts is not shown: what was seen may be chance."


def _left_out(looking: Looking) -> list[tuple[str, int]]:
    unplaced, failed = looking.painting.n_unplaced, len(looking.failures)
    return [
        (
            f"Slices without a lesion mask, left out: {looking.n_without_mask}.",
            looking.n_without_mask,
        ),
        (f"Slices or masks that cannot be used, left out: {failed}.", failed),
        (
            f"Slices that the model rejected, so without a heat map: {looking.n_rejected}.",
            looking.n_rejected,
        ),
        (
            f"Heat maps that are zero all over, counted as misses: {looking.n_silent}.",
            looking.n_silent,
        ),
        (f"Lesions too large to paint as much elsewhere, not painted: {unplaced}.", unplaced),
    ]


def _percent(ratio: Ratio) -> str:
    if ratio.value is None:
        return "no share"
    if ratio.interval is None:
        return f"{ratio.value:.1%}"
    low, high = ratio.interval
    return f"{ratio.value:.1%} ({low:.1%} to {high:.1%})"


def _short(ratio: Ratio) -> str:
    return "–" if ratio.value is None else f"{ratio.value:.3f}"
