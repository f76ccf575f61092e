import re
from pathlib import Path
from typing import Any

import pytest

from brainlens.bundle import find, load_bundle
from brainlens.bundle.calibration import Calibration, ProbabilityFigures
from brainlens.bundle.schema import BundleInfo, Metric, StartWeights
from brainlens.evaluation.claim_checklist import MEASUREMENTS, Item, checklist, claim_checklist

PAGE = Path(__file__).parents[2] / "docs" / "claim-checklist.md"
DECISION = "d" * 64


def _items(info: BundleInfo, *measured: str) -> dict[str, Item]:
    return {item.number: item for item in checklist(info, measured)}


def _with(info: BundleInfo, **training: Any) -> BundleInfo:
    return info.model_copy(update={"training": info.training.model_copy(update=training)})


@pytest.fixture
def measured(tiny_info: BundleInfo) -> BundleInfo:
    metric = Metric(
        name="accuracy", value=0.9, interval=(0.8, 0.95), split="test", protocol="grouped",
        n_slices=90, n_patients=9, decision_sha256=DECISION,
    )  # fmt: skip
    patients = metric.model_copy(update={"level": "patient"})
    return tiny_info.model_copy(update={"decision_sha256": DECISION, "metrics": (metric, patients)})


def test_the_committed_page_is_what_the_program_writes() -> None:
    page = PAGE.read_text(encoding="utf-8")
    found = re.search(r"beside the bundle's own figures: (.*)\.$", page, re.MULTILINE)
    assert found is not None
    on_record = [] if found[1] == "nothing" else found[1].split(", ")
    expected = claim_checklist(load_bundle(find("default")).info, on_record)
    assert page == expected, f"run: python scripts/claim_checklist.py {' '.join(on_record)}"


def test_every_claim_item_is_there_once(tiny_info: BundleInfo) -> None:
    items = checklist(tiny_info)
    numbers = [item.number for item in items]
    assert numbers[:42] == [f"CLAIM {n}" for n in range(1, 43)]
    assert len(set(numbers)) == len(numbers)
    assert all(item.said.endswith(".") for item in items)


def test_nothing_measured_is_not_met(tiny_info: BundleInfo) -> None:
    items = _items(tiny_info)
    for number in ("28", "29", "30", "35", "36"):
        assert items[f"CLAIM {number}"].met == "no"
    assert items["TRIPOD+AI 12"].met == "no"
    assert items["CLAIM 31"].met == items["CLAIM 26"].met == "partly"
    assert "patients unknown" in items["CLAIM 19"].said


def test_it_tells_whose_weights_training_began_with(tiny_info: BundleInfo) -> None:
    assert "Random" in _items(tiny_info)["CLAIM 24"].said
    begun = _with(tiny_info, start=StartWeights(title="Shapes, by others"))
    assert "Shapes, by others (NOTICE)" in _items(begun)["CLAIM 24"].said
    elsewhere = _with(tiny_info, split_check="unknown", n_slices=None, seed=None, epochs=None)
    assert _items(elsewhere)["CLAIM 24"].met == "no"


def test_figures_of_this_file_are_met(measured: BundleInfo) -> None:
    items = _items(measured)
    for number in ("28", "29", "35", "36"):
        assert items[f"CLAIM {number}"].met == "yes"
    assert "9 patients" in items["CLAIM 19"].said
    by_slice = measured.model_copy(update={"metrics": measured.metrics[:1]})
    assert _items(by_slice)["CLAIM 35"].met == "partly"
    another = measured.model_copy(update={"decision_sha256": "e" * 64})
    assert _items(another)["CLAIM 28"].met == "no"
    bare = measured.metrics[0].model_copy(update={"interval": None})
    assert _items(measured.model_copy(update={"metrics": (bare,)}))["CLAIM 29"].met == "no"


def test_what_was_measured_beside_changes_the_list(tiny_info: BundleInfo) -> None:
    everything = _items(tiny_info, *MEASUREMENTS)
    for number in ("26", "30", "31"):
        assert everything[f"CLAIM {number}"].met == "yes"
    assert _items(tiny_info, "unknown")["CLAIM 30"].met == "partly"
    with pytest.raises(ValueError, match="called magic"):
        checklist(tiny_info, ["magic"])


def test_how_the_data_were_split_decides(tiny_info: BundleInfo) -> None:
    assert _items(_with(tiny_info, protocol="random"))["CLAIM 20"].met == "no"
    checks = ("clean", "group-ambiguous", "leaky")
    found = [_items(_with(tiny_info, split_check=c))["CLAIM 21"].met for c in checks]
    assert found == ["yes", "partly", "no"]


def test_licence_data_and_calibration(tiny_info: BundleInfo) -> None:
    assert _items(tiny_info)["CLAIM 7"].met == "not applicable"
    assert _items(_with(tiny_info, synthetic=False))["CLAIM 7"].met == "yes"
    assert _items(tiny_info)["TRIPOD+AI 18"].met == "yes"
    assert _items(_with(tiny_info, data_licence="unverified"))["TRIPOD+AI 18"].met == "partly"
    figures = ProbabilityFigures(loss=0.5, brier=0.25, ece=0.1, ece_floor=0.02)
    calibration = Calibration(
        source="own", split="val", protocol="grouped", n_slices=9,
        class_mix={"alpha": 0.5, "beta": 0.25, "gamma": 0.25}, before=figures, after=figures,
    )  # fmt: skip
    fitted = tiny_info.model_copy(update={"calibration": calibration})
    assert _items(fitted)["TRIPOD+AI 12"].met == "yes"


def test_the_page_counts_honestly(tiny_info: BundleInfo) -> None:
    page = claim_checklist(tiny_info, ["looking"])
    items = checklist(tiny_info, ["looking"])
    met = sum(item.met == "yes" for item in items)
    assert f"Met: {met}. Partly: " in page
    assert "own figures: looking." in page
    assert len([line for line in page.splitlines() if line.startswith("|")]) == len(items) + 2
