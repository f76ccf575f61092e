"""How the model bears images that are darker, noisier, turned, or spoilt by the scanner."""

from brainlens.evaluation.ratio import Ratio
from brainlens.evaluation.report.section import grid, plots, section
from brainlens.evaluation.report.wording import counted, interval, percent, points
from brainlens.evaluation.robustness.plot import robustness_plot
from brainlens.evaluation.robustness.robustness import FamilyResult, Robustness, grade_text
from brainlens.html.element import Html, Part, element


def robustness(found: Robustness) -> Html:
    """Return the worst of each perturbation, every grade behind it, and the plot."""
    drawn = ""
    if found.n_available > found.n_slices:
        drawn = f", drawn from {counted(found.n_available, 'slice')}"
    patients = "" if found.n_patients is None else f" of {counted(found.n_patients, 'patient')}"
    unchanged = found.unchanged
    words = "Accuracy and answer rate by strength of each perturbation."
    return section(
        "When the image is not as it should be",
        f"{counted(found.n_slices, 'slice')}{patients}{drawn}, each changed by computer. "
        f"Unchanged, {percent(unchanged['accuracy'].value)} are right and "
        f"{percent(unchanged['answer_rate'].value)} are answered; always naming the most frequent "
        f"class would reach {percent(found.majority)}. Shown is the strength at which most is "
        "lost. A model that is less right should also answer less: where it goes on answering, "
        "the threshold protects nobody.",
        grid(
            ("change", "worst at", "right", "lost or won (points)", "95 % interval", "answered"),
            [_worst(family) for family in found.families],
        ),
        plots((robustness_plot(found, "svg"), words)),
        element(
            "details",
            element("summary", "Every strength"),
            *(part for family in found.families for part in _all(family)),
        ),
    )


def _worst(family: FamilyResult) -> tuple[Part, ...]:
    grade = min(family.grades, key=lambda g: _known(g.figures["accuracy"]))
    figures = grade.figures
    change = figures["change"]
    bounds = "" if change.interval is None else " to ".join(map(points, change.interval))
    return (
        family.name,
        element("span", f"{grade_text(grade.grade)} ({family.scale})"),
        percent(figures["accuracy"].value),
        points(change.value),
        bounds,
        percent(figures["answer_rate"].value),
    )


def _all(family: FamilyResult) -> tuple[Html, Html]:
    rows: list[tuple[Part, ...]] = [
        (
            element("span", grade_text(grade.grade)),
            percent(grade.figures["accuracy"].value),
            interval(grade.figures["accuracy"].interval),
            percent(grade.figures["answer_rate"].value),
            percent(grade.figures["answered_accuracy"].value),
        )
        for grade in family.grades
    ]
    head = (family.scale, "right", "95 % interval", "answered", "right among the answered")
    return element("h3", family.name), grid(head, rows)


def _known(ratio: Ratio) -> float:
    return 2.0 if ratio.value is None else ratio.value
