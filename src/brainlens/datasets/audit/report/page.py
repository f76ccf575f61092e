"""The page itself: the verdict first, then each finding with numbers and pictures."""

from typing import Final

from brainlens.datasets.audit.findings import Audit
from brainlens.datasets.audit.report import picture_sections, table_sections
from brainlens.datasets.audit.report.pictures import Pictures
from brainlens.datasets.audit.verdict import Line, Weight, counted, verdict
from brainlens.datasets.manifest import Progress
from brainlens.html.document import document, style_of
from brainlens.html.element import Html, element
from brainlens.words import NOT_A_DEVICE

_WEIGHTS: Final[dict[Weight, str]] = {
    "bad": "Serious",
    "doubt": "Look at it",
    "good": "Good",
    "note": "Note",
}


def page(audit: Audit, progress: Progress | None = None) -> str:
    """Return the report of an audit as one HTML page that loads nothing.

    Parameters
    ----------
    progress
        Called with (done, most) pictures.
    """
    pictures = Pictures(progress)
    sections = (
        *picture_sections.sections(audit, pictures),
        table_sections.confounds(audit),
        *table_sections.bundle(audit),
        table_sections.files_(audit, pictures),
        table_sections.next_steps(audit),
    )
    return document(
        f"Audit of {audit.name}",
        element("p", "BrainLens data audit", class_="soft"),
        element("h1", audit.name),
        element("p", _subtitle(audit), class_="soft"),
        element("ul", *(_line(line) for line in verdict(audit)), class_="verdict"),
        table_sections.slices(audit),
        *sections,
        element("footer", NOT_A_DEVICE),
        style=style_of(__package__ or ""),
    )


def _line(line: Line) -> Html:
    words = element("b", _WEIGHTS[line.weight])
    return element("li", words, element("span", line.text), class_=line.weight)


def _subtitle(audit: Audit) -> str:
    n, usable = len(audit.manifest), len(audit.usable)
    parts = [counted(n, "image"), f"{len(audit.manifest.labels)} classes"]
    if usable != n:
        parts.append(f"{usable:,} usable")
    patients = audit.manifest.n_patients
    parts.append("patients not named" if patients is None else counted(patients, "patient"))
    if audit.manifest.synthetic:
        parts.append("synthetic: drawn, of no patient")
    return " · ".join(parts)
