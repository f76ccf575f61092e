from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from brainlens.bundle.card import card
from brainlens.bundle.card_front import front_matter
from brainlens.bundle.schema import BundleInfo, Metric
from brainlens.words import NOT_A_DEVICE

DECISION = "d" * 64


def _read(info: BundleInfo) -> dict[str, Any]:
    text = front_matter(info)
    assert text.startswith("---\n")
    assert text.endswith("\n---")
    found = yaml.safe_load(text[4:-4])
    assert isinstance(found, dict)
    return found


def _metric(**changes: Any) -> Metric:
    values: dict[str, Any] = {
        "name": "accuracy",
        "value": 0.87654,
        "interval": (0.8, 0.9),
        "split": "test",
        "protocol": "grouped",
        "n_slices": 300,
        "n_patients": 30,
        "decision_sha256": DECISION,
    }
    return Metric(**{**values, **changes})


@pytest.fixture
def measured(tiny_info: BundleInfo) -> BundleInfo:
    metrics = (
        _metric(),
        _metric(name="sensitivity", class_id="beta", interval=None, n_patients=None),
        _metric(name="accuracy", level="patient"),
        _metric(name="macro_auroc", split="val"),
        _metric(name="undefined", value=None),
        _metric(name="support", class_id="beta", value=30),
        _metric(name="accuracy", subgroup="small lesions"),
        _metric(name="of another file", decision_sha256="e" * 64),
    )
    return tiny_info.model_copy(update={"metrics": metrics, "decision_sha256": DECISION})


def test_a_card_begins_with_it(tiny_info: BundleInfo) -> None:
    assert card(tiny_info).startswith(front_matter(tiny_info) + "\n\n# Model tiny")


def test_what_catalogues_read(tiny_info: BundleInfo) -> None:
    found = _read(tiny_info)
    assert found["pipeline_tag"] == "image-classification"
    assert (found["license"], found["license_link"]) == ("other", "NOTICE")
    assert "synthetic" in found["tags"]
    assert found["disclaimer"] == NOT_A_DEVICE
    assert "model-index" not in found


def test_figures_of_this_file_come_with_their_provenance(measured: BundleInfo) -> None:
    (entry,) = _read(measured)["model-index"]
    assert entry["name"] == "tiny"
    slices, patients, val = entry["results"]
    assert slices["dataset"] == {
        "type": "image-folder",
        "name": "Quadrants",
        "split": "test",
        "args": {"protocol": "grouped", "level": "slice"},
    }
    assert slices["metrics"] == [
        {
            "type": "accuracy",
            "name": "accuracy",
            "value": 0.8765,
            "args": {"n_slices": 300, "n_patients": 30, "interval_95": [0.8, 0.9]},
        },
        {
            "type": "recall",
            "name": "sensitivity, beta",
            "value": 0.8765,
            "args": {"n_slices": 300},
        },
    ]
    assert patients["dataset"]["args"]["level"] == "patient"
    assert val["metrics"][0]["type"] == "roc_auc"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_no_text_of_the_data_breaks_it(tiny_info: BundleInfo, text: str) -> None:
    training = tiny_info.training.model_copy(update={"data_title": text, "synthetic": False})
    metrics = (_metric(protocol=text, name=text or "x"),)
    info = tiny_info.model_copy(
        update={"training": training, "metrics": metrics, "decision_sha256": DECISION}
    )
    (entry,) = _read(info)["model-index"]
    printable = "".join(c for c in " ".join(text.split()) if c.isprintable())
    assert entry["results"][0]["dataset"]["args"]["protocol"] == printable
