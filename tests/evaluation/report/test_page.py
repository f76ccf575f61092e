import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from brainlens.bundle.calibration import Calibration, ProbabilityFigures, SetFigures
from brainlens.bundle.load import Bundle
from brainlens.datasets.manifest import Manifest
from brainlens.evaluation.looking import look
from brainlens.evaluation.report.findings import Findings
from brainlens.evaluation.report.page import page
from brainlens.evaluation.robustness.families import FAMILIES
from brainlens.evaluation.robustness.run import robustness
from brainlens.words import DISCLAIMER

ALONE = {"img", "meta", "wbr"}


class Reader(HTMLParser):
    """Reads a page strictly: every element is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.headings: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "title"} & set(self.open):
            self.headings += [data] if {"h1", "h2"} & set(self.open) else []
            self.text += data.replace("\N{NO-BREAK SPACE}", " ") + "\n"


def read(findings: Findings) -> Reader:
    reader = Reader()
    reader.feed(page(findings))
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def full(findings: Findings, bundle: Bundle, data: Manifest) -> Findings:
    return replace(
        findings,
        looking=look(bundle, data, workers=1),
        robustness=robustness(bundle, data, families=FAMILIES[:2], at_most=8, workers=1),
    )


@pytest.fixture(scope="module")
def reader(full: Findings) -> Reader:
    return read(full)


def test_it_reads_from_top_to_bottom(reader: Reader) -> None:
    assert reader.headings == [
        "tiny 0.0.1", "The result in three sentences", "What was evaluated", "Figures", "By class",
        "By patient", "By size of the lesion", "What confidence means",
        "Is it looking at the tumour?", "When the image is not as it should be",
        "The worst errors", "What this report does not say",
    ]  # fmt: skip
    first = reader.text.index("The result in three sentences")
    assert reader.text.index(DISCLAIMER) < reader.text.index("SYNTHETIC") < first


def test_figures_name_what_they_are_of(full: Findings, reader: Reader) -> None:
    for part in (
        full.evaluation.decision_sha256, full.fingerprint or "?", "Clean split", "13 slices",
        "7 patients", "protocol given", "The model was trained on 0 of these 13 images.", "84.6 %",
    ):  # fmt: skip
        assert part in reader.text


def test_the_page_loads_and_runs_nothing(reader: Reader) -> None:
    assert "script" not in reader.tags
    assert "link" not in reader.tags
    sources = [value or "" for name, value in reader.attributes if name in ("src", "href")]
    assert sources
    assert all(re.match("data:image/(jpeg|svg\\+xml);base64,", source) for source in sources)
    assert not any(name.startswith("on") for name, _ in reader.attributes)


def test_every_picture_that_carries_figures_says_them_in_words(reader: Reader) -> None:
    words = [value for name, value in reader.attributes if name == "alt" and value]
    assert len(words) == 3


def test_outcomes_alone_make_a_page(bare: Findings) -> None:
    text = read(bare).text
    assert "not checked: there is no split" in text
    assert "not known: the manifest holds no hashes" in text
    assert "needs lesion masks" in text
    assert "How it bears noise" in text
    assert "Trained on" not in text


def test_without_patients_and_masks_those_sections_are_left_out(bare: Findings) -> None:
    evaluation = bare.evaluation
    unknown = replace(
        evaluation,
        all=replace(evaluation.all, n_patients=None),
        unseen=replace(evaluation.all, n_patients=None),
        patients=None,
        subgroups={},
    )
    text = read(replace(bare, evaluation=unknown)).text
    assert "patients are not named" in text
    assert "By patient" not in text
    assert "By size of the lesion" not in text
    assert "Without images seen in training" in text


def test_how_the_confidence_was_fitted_is_told(findings: Findings, bundle: Bundle) -> None:
    figures = ProbabilityFigures(loss=0.5, brier=0.25, ece=0.125, ece_floor=0.02)
    calibration = Calibration(
        source="own",
        split="val",
        protocol="grouped",
        n_slices=100,
        n_patients=9,
        class_mix={"alpha": 0.5, "beta": 0.25, "gamma": 0.25},
        before=figures,
        after=figures.model_copy(update={"ece": 0.031}),
        sets=SetFigures(coverage={"alpha": 0.9, "beta": None}, mean_size=1.2, single=0.8),
    )
    info = bundle.info.model_copy(update={"calibration": calibration})
    text = read(replace(findings, bundle=replace(bundle, info=info))).text
    for part in ("100 slices, 9 patients (val, grouped)", "12.5 %", "3.1 %", "1.20 classes"):
        assert part in text
    bare = calibration.model_copy(update={"sets": None, "n_patients": None})
    info = bundle.info.model_copy(update={"calibration": bare})
    text = read(replace(findings, bundle=replace(bundle, info=info))).text
    assert "100 slices, patients not named" in text
    assert "Prediction sets" not in text


def test_a_model_that_rejected_everything(bare: Findings) -> None:
    evaluation = bare.evaluation
    rejected = tuple(
        replace(o, status="rejected", predicted_class=None, confidence=None, probabilities={})
        for o in evaluation.outcomes
    )
    confusion = np.zeros((3, 4), np.int64)
    confusion[:, 3] = 4
    part = replace(evaluation.all, confusion=confusion)
    text = read(replace(bare, evaluation=replace(evaluation, outcomes=rejected, all=part))).text
    assert "Every slice was rejected" in text
    assert "rejected" in text
