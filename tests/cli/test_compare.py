import json
from pathlib import Path

from brainlens.words import DISCLAIMER

from .conftest import Command


def test_two_reports_are_compared(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report"
    assert brainlens("evaluate", tiny_bundle, "--data", tiny_set, "--out", out).status == 0
    said = brainlens("compare", out, out / "outcomes.csv")
    assert said.status == 0
    lines = said.out.splitlines()
    assert lines[0].startswith("A: tiny 0.0.1, decision hash ")
    assert lines[1] == "B: outcomes.csv"
    assert lines[2] == (
        "Compared on 5 slices, patients not named. Left out: 1 without two answers."
    )
    assert any(line.startswith("A was trained on 1 of these slices") for line in lines)
    assert any(line.startswith("No difference is shown") for line in lines)
    assert lines[-1] == DISCLAIMER


def test_json_is_json_and_nothing_else(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report"
    brainlens("evaluate", tiny_bundle, "--data", tiny_set, "--out", out)
    said = brainlens("compare", out, out, "--json")
    assert said.err == ""
    content = json.loads(said.out)
    assert (content["n_slices"], content["verdict"]) == (5, "not_shown")


def test_a_folder_that_is_no_report(brainlens: Command, tmp_path: Path) -> None:
    said = brainlens("compare", tmp_path, tmp_path)
    assert said.status == 2
    assert "holds no metrics.json" in said.error
