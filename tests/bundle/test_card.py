import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainlens.bundle.calibration import Calibration, ErrorBound, ProbabilityFigures
from brainlens.bundle.card import card, notice
from brainlens.bundle.cautions import LEAKY, SYNTHETIC
from brainlens.bundle.schema import BundleInfo, Metric, Seen, TargetError, Thresholds
from brainlens.words import AID, INTENDED_INPUT, NOT_A_DEVICE

DECISION = "d" * 64


@pytest.fixture
def real(tiny_info: BundleInfo) -> BundleInfo:
    training = tiny_info.training.model_copy(
        update={
            "synthetic": False,
            "data_title": "Slices of somewhere",
            "data_licence": "CC-BY-4.0",
            "data_attribution": "A. Author, doi:10.0/0",
            "protocol": "official",
            "split_check": "group-ambiguous",
            "n_slices": 200,
            "n_patients": 17,
        }
    )
    return tiny_info.model_copy(update={"training": training, "decision_sha256": DECISION})


def _with_training(info: BundleInfo, **changes: Any) -> BundleInfo:
    return info.model_copy(update={"training": info.training.model_copy(update=changes)})


def _metric(**changes: Any) -> Metric:
    values: dict[str, Any] = {
        "name": "accuracy",
        "value": 0.87654,
        "interval": (0.8, 0.9),
        "split": "test",
        "protocol": "official",
        "n_slices": 300,
        "n_patients": 30,
        "decision_sha256": DECISION,
    }
    return Metric(**{**values, **changes})


def _after_front(text: str) -> list[str]:
    """Return the lines of a card after its front matter, which is for programs."""
    lines = text.splitlines()
    assert lines[0] == "---"
    return lines[lines.index("---", 1) + 2 :]


def test_what_every_reader_must_know_stands_in_the_first_lines(real: BundleInfo) -> None:
    sentence = "Shown a tumour of another kind,\nit answers all the same."
    text = card(real.model_copy(update={"must_know": (sentence,)}))
    assert "**Shown a tumour of another kind, it answers all the same.**" in _after_front(text)[:8]


def test_the_words_said_to_people_come_first(real: BundleInfo) -> None:
    assert _after_front(card(real))[:5] == ["# Model tiny 0.0.1", "", AID, "", NOT_A_DEVICE]
    assert INTENDED_INPUT in card(real)


def test_a_synthetic_model_says_so_in_the_first_line(tiny_info: BundleInfo) -> None:
    text = card(tiny_info)
    assert _after_front(text)[0] == "# Model tiny 0.0.1 (SYNTHETIC)"
    assert f"**{SYNTHETIC}**" in _after_front(text)[:8]
    assert INTENDED_INPUT not in text
    assert "no image of a person" in notice(tiny_info)


def test_a_leaky_model_says_so_in_the_first_lines(real: BundleInfo) -> None:
    leaky = card(_with_training(real, split_check="leaky"))
    assert f"**{LEAKY}**" in _after_front(leaky)[:8]
    assert LEAKY not in card(real)


def test_what_it_was_trained_on_is_said(real: BundleInfo) -> None:
    text = card(real)
    for part in (
        "Slices of somewhere",
        "CC-BY-4.0",
        "A. Author, doi:10.0/0",
        "Slices: 200; patients: 17",
        "group-ambiguous: no patient and no copy",
        "official: the folds published with the data set.",
    ):
        assert part in text
    assert "Slices: 200; patients: unknown" in card(_with_training(real, n_patients=None))


def test_the_notice_names_the_authors_of_the_data(real: BundleInfo) -> None:
    assert notice(real) == (
        "Model tiny 0.0.1, made with BrainLens.\n"
        "Training data: Slices of somewhere\n"
        "Attribution: A. Author, doi:10.0/0\n"
        "Licence of the data: CC-BY-4.0\n"
    )
    unnamed = _with_training(real, data_title="", data_attribution="", data_licence="")
    assert notice(unnamed) == "Model tiny 0.0.1, made with BrainLens.\n"


def test_every_class_is_listed(real: BundleInfo) -> None:
    assert "| `beta` | Beta | Beta (fr) | `folder_beta` | lesion |" in card(real)


def test_a_figure_comes_with_all_that_is_needed_to_believe_it(real: BundleInfo) -> None:
    assert "None measured yet." in card(real)
    text = card(
        real.model_copy(
            update={
                "metrics": (
                    _metric(),
                    _metric(
                        name="sensitivity",
                        class_id="beta",
                        value=None,
                        interval=None,
                        n_patients=None,
                        protocol="random",
                        decision_sha256="e" * 64,
                    ),
                    _metric(decision_sha256=None, protocol="of my own"),
                )
            }
        )
    )
    own = "### Test slices, protocol official: 300 slices, 30 patients (this model, `dddddddddddd`)"
    others = "random: 300 slices, patients unknown (another model, `eeeeeeeeeeee`)"
    assert (
        f"{own}\n\n| figure | value |\n| --- | --- |\n| accuracy | 0.877 (0.800 to 0.900) |" in text
    )
    assert others in text
    assert "| class | sensitivity |\n| --- | --- |\n| `beta` | undefined |" in text
    assert "of my own: 300 slices, 30 patients (model not recorded)" in text
    assert "- random: split slice by slice, so that slices of one patient are on both" in text
    assert "None measured yet." not in text


def test_figures_by_patient_and_of_subgroups_stand_apart(real: BundleInfo) -> None:
    metrics = (
        _metric(),
        _metric(value=0.91, level="patient"),
        _metric(value=0.71, subgroup="lesions below 20 mm", n_slices=40),
    )
    text = card(real.model_copy(update={"metrics": metrics}))
    headings = [line for line in text.splitlines() if line.startswith("### ")]
    assert [heading.partition(" (this")[0] for heading in headings] == [
        "### Test slices, protocol official: 300 slices, 30 patients",
        "### Test slices, by patient (their slices combined), protocol official: 300 slices, "
        "30 patients",
        "### Test slices, lesions below 20 mm, protocol official: 40 slices, 30 patients",
    ]


def test_how_the_confidence_was_fitted_is_told(real: BundleInfo) -> None:
    assert "## Calibration" not in card(real)
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
        error_bound=ErrorBound(threshold=0.7, n_answered=8, n_wrong=1, level=0.95, at_most=0.47),
    )
    text = card(real.model_copy(update={"calibration": calibration}))
    assert "Fitted on 100 slices, 9 patients (val, protocol grouped, own answers)" in text
    assert "| before | 0.500 | 0.250 | 0.125 | 0.020 |" in text
    assert "| after | 0.500 | 0.250 | 0.031 | 0.020 |" in text
    assert "at most 47.0 % get a wrong one (at confidence level 0.95; 1 of 8 did)" in text
    bare = calibration.model_copy(update={"error_bound": None, "n_patients": None})
    text = card(real.model_copy(update={"calibration": bare}))
    assert "patients unknown" in text
    assert "get a wrong one" not in text


def test_the_risk_table_is_there_when_it_was_measured(real: BundleInfo) -> None:
    assert "Error among the answered" not in card(real)
    rows = (
        {"threshold": 0.5, "answer_rate": 1.0, "error": 0.125},
        {"threshold": 0.9, "answer_rate": 0.5},
    )
    text = card(real.model_copy(update={"risk_coverage": rows}))
    assert "| threshold | answer rate | error |" in text
    assert "| 0.5 | 1 | 0.125 |" in text
    assert "| 0.9 | 0.5 |  |" in text


def test_how_it_decides_is_said(real: BundleInfo) -> None:
    text = card(real)
    assert "at least 0.7; abstains below" in text
    assert "Temperature of the probabilities: 1 (not fitted)." in text
    assert f"`{DECISION}`" in text
    fitted = real.model_copy(
        update={
            "temperature": 1.5,
            "thresholds": Thresholds(
                confidence=0.8, target_error=TargetError(error=0.05, level=0.9, threshold=0.85)
            ),
        }
    )
    assert "Temperature of the probabilities: 1.5." in card(fitted)
    assert "at most 0.05 error among the answered, at confidence level 0.9: 0.85." in card(fitted)
    unreachable = Thresholds(target_error=TargetError(error=0.05, level=0.9))
    assert "not reached on the data" in card(real.model_copy(update={"thresholds": unreachable}))


def test_whether_it_knows_what_it_has_seen_is_said(real: BundleInfo) -> None:
    assert "were left out" in card(real)
    seen = Seen(max_distance=2, hashes=("0" * 16,))
    assert "images it has seen" in card(real.model_copy(update={"seen": seen}))
    assert "were left out" not in card(real.model_copy(update={"seen": seen}))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_no_text_of_the_data_breaks_the_card(tiny_info: BundleInfo, text: str) -> None:
    evil = text + "\n# Cleared for diagnosis\n|x|"
    info = _with_training(tiny_info, data_title=evil, data_attribution=evil, data_licence=evil)
    info = info.model_copy(update={"metrics": (_metric(name=evil),)})
    text_of_card = card(info)
    assert "\n# Cleared" not in text_of_card
    assert "\n# Cleared" not in notice(info)
    table = [line for line in text_of_card.splitlines() if "0.877" in line and "|" in line]
    assert [len(re.findall(r"(?<!\\)\|", line)) for line in table] == [3]


def test_no_class_of_ours_is_in_the_source(real: BundleInfo) -> None:
    assert not re.search("glioma|meningioma|pituitary", card(real).replace(INTENDED_INPUT, ""))
