"""What the gates change: whom they hold back, and what that buys."""

from typing import Final

from brainlens.evaluation.gate_effect import GateEffect
from brainlens.evaluation.report.section import grid, section
from brainlens.evaluation.report.wording import counted, interval, percent
from brainlens.html.element import Html, Part
from brainlens.words import REASON_SENTENCES

_FIGURES: Final = {
    "answer_rate": "answered",
    "error_among_answered": "wrong among the answered",
    "confident_correct": "answered and right, of all",
}


def gates(found: GateEffect) -> Html:
    """Return answer rate and error with and without gates, and each reason's share."""
    head = ("figure", "threshold alone", "95 % interval", "with gates", "95 % interval")
    rows: list[tuple[Part, ...]] = [
        (words, *_cells(found, name)) for name, words in _FIGURES.items()
    ]
    return section(
        "What the gates change",
        "Besides the threshold, gates hold answers back: they look for images unlike those the "
        "model was trained on. On slices like those, every objection costs an answer; what gates "
        "are for shows on other images (see the model card). They objected to "
        f"{counted(found.n_held_back, 'slice')} of {found.n_slices:,}; of those, "
        f"{found.n_held_back_correct:,} would have been answered rightly.",
        grid(head, rows),
        *(
            [grid(("reason", "what it says", "slices", "of all"), _reasons(found))]
            if found.reasons
            else []
        ),
    )


def _cells(found: GateEffect, name: str) -> tuple[str, str, str, str]:
    without, with_ = found.without_gates[name], found.with_gates[name]
    return (
        percent(without.value),
        interval(without.interval),
        percent(with_.value),
        interval(with_.interval),
    )


def _reasons(found: GateEffect) -> list[tuple[Part, ...]]:
    return [
        (
            reason,
            REASON_SENTENCES.get(reason, {}).get("en", ""),
            f"{n:,}",
            percent(n / found.n_slices),
        )
        for reason, n in found.reasons.items()
    ]
