from typing import Any

import pytest
from pydantic import ValidationError

from brainlens.bundle.card import card
from brainlens.bundle.card_gates import gates
from brainlens.bundle.gate_check import GateCheck
from brainlens.bundle.schema import BundleInfo

DECISION = "d" * 64
GATES = (
    {"gate": "image_sanity", "min_side": 48.0},
    {"gate": "distance", "depth": "embedding", "abstain_above": 1.5, "reject_above": 2.0},
)


def _check(**changes: Any) -> GateCheck:
    values: dict[str, Any] = {
        "name": "photographs",
        "differs": "everything",
        "n_images": 40,
        "answered": 1,
        "let_through": 2,
        "rejected": 30,
        "answered_interval": (0.001, 0.132),
        "let_through_interval": (0.006, 0.169),
        "rejected_interval": (0.588, 0.873),
        "decision_sha256": DECISION,
    }
    return GateCheck(**{**values, **changes})


@pytest.fixture
def gated(tiny_info: BundleInfo) -> BundleInfo:
    training = tiny_info.training.model_copy(update={"synthetic": False})
    return tiny_info.model_copy(
        update={"training": training, "decision_sha256": DECISION, "gates": GATES}
    )


def test_without_gates_nothing_is_said_of_them(tiny_info: BundleInfo) -> None:
    assert gates(tiny_info) == ""
    assert "## Gates" not in card(tiny_info)


def test_gates_that_were_not_measured_are_said_to_be_so(gated: BundleInfo) -> None:
    text = card(gated)
    assert "Gates (`image_sanity`, `distance` of `embedding`) hold answers back" in text
    assert "was not measured on this file" in text
    other = gated.model_copy(update={"gate_checks": (_check(decision_sha256="e" * 64),)})
    assert "was not measured on this file" in card(other)


def test_what_they_did_is_told_with_n_interval_and_what_else_differs(gated: BundleInfo) -> None:
    patients = _check(name="unseen patients", differs="", n_patients=12)
    text = card(gated.model_copy(update={"gate_checks": (patients, _check())}))
    assert (
        "| photographs | 40 | – | 2.5 % (0.1 to 13.2) | 5.0 % (0.6 to 16.9) | "
        "75.0 % (58.8 to 87.3) |"
    ) in text
    assert "| unseen patients | 40 | 12 |" in text
    assert "- photographs: everything" in text
    assert "- unseen patients" not in text
    assert "not measured" not in text.partition("## Gates")[2].partition("##")[0]


def test_the_card_no_longer_says_that_any_image_is_named(gated: BundleInfo) -> None:
    without = card(gated.model_copy(update={"gates": ()}))
    assert "names one of its classes for any image" in without
    assert "at least 0.7; abstains below." in without
    text = card(gated)
    assert "names one of its classes for any image" not in text
    assert "do not see that a lesion is missing" in text
    assert "at least 0.7 and no gate objects; abstains or rejects else." in text


@pytest.mark.parametrize(
    "changes", [{"answered": -1}, {"n_images": 0}, {"rejected_interval": (0.5, 1.5)}]
)
def test_counts_and_shares_that_cannot_be_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _check(**changes)
