"""The worst errors: what the model was surest of, and wrong."""

from pathlib import PurePosixPath
from typing import Final

from brainlens.evaluation.report.findings import Findings
from brainlens.evaluation.report.section import section
from brainlens.evaluation.report.slice_pictures import SlicePictures
from brainlens.evaluation.report.wording import percent
from brainlens.html.element import Html, element
from brainlens.outcomes import Outcome

MOST: Final = 20
"""Errors shown; all are in outcomes.csv."""
# Enough of a path to find the file, and no more of somebody's folders.
_PARTS: Final = 3


def worst_errors(outcomes: tuple[Outcome, ...], most: int = MOST) -> list[Outcome]:
    """Return the wrong answers, those given first, the surest first."""
    wrong = [
        o for o in outcomes if not o.error and o.label and o.predicted_class not in (None, o.label)
    ]
    wrong.sort(key=lambda o: (o.status != "answered", -(o.confidence or 0.0), o.path))
    return wrong[:most]


def errors(findings: Findings) -> Html:
    """Return the worst errors with image, heat map, outline of the lesion, truth and answer."""
    outcomes = findings.evaluation.outcomes
    n_wrong = len(worst_errors(outcomes, len(outcomes)))
    if not n_wrong:
        return section("The worst errors", "The model named no wrong class.")
    shown = worst_errors(outcomes)
    pictures = SlicePictures(findings)
    total = f"{n_wrong} wrong classes" if n_wrong > 1 else "One wrong class"
    which = f"; the {len(shown)} that the model was surest of" if n_wrong > len(shown) else ""
    return section(
        "The worst errors",
        f"{total}{which}. Answers that the model gave come before those it held back. The heat map "
        "shows what spoke for the class that was named: bright is much, on one scale for all "
        "classes; it is coarse, no outline. The blue line is the lesion as somebody drew it.",
        element("ol", *(_error(o, pictures) for o in shown), class_="errors"),
    )


def _error(outcome: Outcome, pictures: SlicePictures) -> Html:
    shown = pictures.of(outcome)
    answered = outcome.status == "answered"
    tag = element("span", "answered" if answered else "held back", class_=_tag(answered))
    truth = (outcome.probabilities or {}).get(outcome.label)
    words = [
        element("p", "Truth: ", element("b", outcome.label), f" (given {percent(truth)})"),
        element(
            "p",
            "Model: ",
            element("b", str(outcome.predicted_class)),
            f" ({percent(outcome.confidence)}) ",
            tag,
        ),
    ]
    if outcome.patient:
        words.append(element("p", f"Patient {outcome.patient}", class_="soft"))
    words.append(element("p", "/".join(PurePosixPath(outcome.path).parts[-_PARTS:]), class_="path"))
    figures = [
        element("figure", image, element("figcaption", what)) for image, what in shown.pictures
    ]
    if shown.problem:
        figures = [element("div", shown.problem, class_="gone")]
    return element(
        "li", element("div", *figures, class_="row"), element("div", *words, class_="words")
    )


def _tag(answered: bool) -> str:
    return "tag bad" if answered else "tag"
