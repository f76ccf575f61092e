import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from brainlens.outcomes import read_outcomes
from brainlens.server.settings import Settings
from brainlens.words import DISCLAIMER

from ..live_service import Live, running
from .conftest import Command


@pytest.fixture(scope="module")
def live(tiny_bundle: Path) -> Iterator[Live]:
    with running(Settings(port=0, bundles={"tiny": tiny_bundle})) as service:
        yield service


def test_a_table_of_what_was_found(brainlens: Command, live: Live, tiny_set: Path) -> None:
    said = brainlens("probe", tiny_set, "--url", live.url, "--threshold", 0.7)
    assert said.status == 0
    lines = said.out.splitlines()
    assert lines[0].startswith("1 of the 5 answered images were seen in training")
    assert any(line.startswith("SYNTHETIC") for line in lines)
    assert any(line.startswith("folder_gamma was taken for gamma") for line in lines)
    (row,) = [line for line in lines if "correct and confident, of all" in line]
    assert "0.6000" in row
    assert "0.5000" in row
    (row,) = [line for line in lines if line.startswith("│ failed")]
    assert "1 (" in row
    assert any("95th percentile" in line for line in lines)
    assert any(line.startswith("│ gamma") for line in lines)
    assert lines[-1] == DISCLAIMER


def test_json_and_csv(brainlens: Command, live: Live, tiny_set: Path, tmp_path: Path) -> None:
    report, csv = tmp_path / "report.json", tmp_path / "outcomes.csv"
    said = brainlens("probe", tiny_set, "--url", live.url, "--json", report, "--csv", csv)
    assert said.status == 0
    content = json.loads(report.read_text())
    assert content["figures"]["accuracy"] == pytest.approx(0.8)
    assert len(read_outcomes(csv)) == 6
    printed = brainlens("probe", tiny_set, "--url", live.url, "--json", "-")
    assert json.loads(printed.out)["sent"] == 6
    assert printed.err == ""


def test_a_wanted_minimum_decides_the_status(
    brainlens: Command, live: Live, tiny_set: Path
) -> None:
    arguments = ("probe", tiny_set, "--url", live.url, "--min-accuracy")
    assert brainlens(*arguments, 0.75).status == 0
    said = brainlens(*arguments, 0.76)
    assert said.status == 1
    assert "0.7500, below the wanted 0.7600" in said.error


def test_images_without_truth_have_no_accuracy(
    brainlens: Command, live: Live, tiny_set: Path
) -> None:
    folder = tiny_set / "beta"
    folder.rename(tiny_set.parent / "pile")
    said = brainlens("probe", tiny_set.parent / "pile", "--url", live.url, "--min-accuracy", 0)
    assert said.status == 1
    assert "undefined" in said.error
    assert "By class" not in said.out


def test_a_model_the_service_does_not_have(brainlens: Command, live: Live, tiny_set: Path) -> None:
    said = brainlens("probe", tiny_set, "--url", live.url, "--model", "other")
    assert said.status == 2
    assert "no model 'other'" in said.error


def test_no_service_is_status_3(brainlens: Command, tiny_set: Path) -> None:
    said = brainlens("probe", tiny_set, "--url", "http://127.0.0.1:9")
    assert said.status == 3
    assert "brainlens serve" in said.error
