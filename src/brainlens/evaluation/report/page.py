"""The page: what was measured, the result in three sentences, then everything behind it."""

from typing import Final

from brainlens.evaluation.report import figure_sections
from brainlens.evaluation.report.confidence_section import confidence
from brainlens.evaluation.report.error_section import errors
from brainlens.evaluation.report.findings import Findings
from brainlens.evaluation.report.folds_section import folds
from brainlens.evaluation.report.gates_section import gates
from brainlens.evaluation.report.looking_section import looking
from brainlens.evaluation.report.robustness_section import robustness
from brainlens.evaluation.report.section import section
from brainlens.evaluation.report.subject_section import subject
from brainlens.evaluation.report.summary import Weight, three_sentences, warnings
from brainlens.html.document import document, style_of
from brainlens.html.element import Html, element
from brainlens.words import DISCLAIMER, NOT_A_DEVICE

_WEIGHTS: Final[dict[Weight, str]] = {"bad": "Serious", "doubt": "Mind this", "note": "Note"}
_NEVER: Final = (
    "How the model does on other scanners, sequences, hospitals and countries than those of these "
    "data.",
    "How it does on healthy people, on other tumours, on treated brains and on children: it names "
    "one of its classes whatever it is shown, unless it abstains.",
    "Whether anybody decides better with it than without it: no reader took part.",
    "How it does on whole examinations: these slices were picked because they show a tumour.",
)


def page(findings: Findings) -> str:
    """Return the report as one HTML page that loads nothing."""
    evaluation = findings.evaluation
    told = [_warning(weight, text) for weight, text in warnings(findings)]
    sentences = [element("p", sentence) for sentence in three_sentences(evaluation)]
    return document(
        f"Evaluation of {evaluation.model}",
        element("p", "BrainLens evaluation", class_="soft"),
        element("h1", evaluation.model),
        element("p", _subtitle(findings), class_="soft"),
        element("p", DISCLAIMER, class_="aid"),
        *([element("ul", *told, class_="verdict")] if told else []),
        element(
            "section", element("h2", "The result in three sentences"), *sentences, class_="lead"
        ),
        subject(findings),
        figure_sections.overall(evaluation),
        *([] if findings.pooled is None else [folds(findings.pooled)]),
        figure_sections.by_class(evaluation),
        *figure_sections.patients(evaluation),
        *figure_sections.subgroups(evaluation),
        confidence(findings),
        *([] if evaluation.gates is None else [gates(evaluation.gates)]),
        *([] if findings.looking is None else [looking(findings.looking)]),
        *([] if findings.robustness is None else [robustness(findings.robustness)]),
        errors(findings),
        _limits(findings),
        element("footer", NOT_A_DEVICE),
        style=style_of(__package__ or ""),
    )


def _warning(weight: Weight, text: str) -> Html:
    return element("li", element("b", _WEIGHTS[weight]), element("span", text), class_=weight)


def _subtitle(findings: Findings) -> str:
    evaluation = findings.evaluation
    parts = [
        f"decision hash {evaluation.decision_sha256[:12]}",
        evaluation.split,
        f"protocol {evaluation.protocol}",
        figure_sections.of(evaluation.all),
    ]
    return " · ".join(parts)


def _limits(findings: Findings) -> Html:
    """Return what this report cannot say."""
    missing = []
    if findings.looking is None:
        missing.append("Whether the model looks at the tumour: that needs lesion masks.")
    if findings.robustness is None:
        missing.append("How it bears noise, motion, another brightness, a turned or cropped image.")
    if findings.evaluation.all.n_patients is None:
        missing.append("Anything by patient: patients are not named.")
    missing += _NEVER
    return section(
        "What this report does not say", element("ul", *(element("li", line) for line in missing))
    )
