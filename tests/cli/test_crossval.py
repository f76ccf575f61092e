import json
from pathlib import Path
from typing import Any

import pytest

from brainlens.datasets.phantom import write_phantoms
from brainlens.pipeline.crossval import Crossval
from brainlens.words import DISCLAIMER

from .conftest import Command


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("phantoms") / "set"
    write_phantoms(root, 160, 5, size=48)
    return root


def _arguments(data: Path, out: Path) -> tuple[object, ...]:
    return (
        "crossval", "--data", data, "--out", out, "--preset", "scaled", "--epochs", 1, "--size", 32,
        "--folds", 2, "--threads", 1, "--accelerator", "cpu", "--val-fraction", 0.3,
    )  # fmt: skip


def test_fold_by_fold_then_all_together(brainlens: Command, phantoms: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = brainlens(*_arguments(phantoms, out), "--only", 2)
    assert first.status == 0
    assert "Still to do: 1 fold (1)." in first.out
    assert not (out / "report.html").exists()

    said = brainlens(*_arguments(phantoms, out))
    assert said.status == 0
    assert "Fold 1 (1 of 2), protocol grouped" in said.out
    assert "Fold 2 (" not in said.out.replace("Evaluating fold 2", "")
    metrics = json.loads((out / "metrics.json").read_text())
    (accuracy,) = [
        m["value"]
        for m in metrics["all"]["metrics"]
        if m["name"] == "accuracy" and m["class_id"] is None
    ]
    row = next(line for line in said.out.splitlines() if line.startswith("│ accuracy  "))
    assert f"{accuracy:.4f}" in row
    mean = metrics["accuracy_over_folds"]["mean"]
    assert f"Over folds: {100 * mean:.2f} ± " in said.out
    assert "All folds, 160 slices of" in said.out
    assert "By patient" in said.out
    assert said.out.splitlines()[-1] == DISCLAIMER
    assert "report.html, metrics.json and outcomes.csv" in said.err

    again = brainlens(*_arguments(phantoms, out), "--json")
    assert json.loads(again.out)["folds"] == metrics["folds"]

    other = brainlens(*_arguments(phantoms, out), "--epochs", 2)
    assert other.status == 2
    assert "another epochs" in other.err


def test_an_interruption_says_how_to_go_on(
    brainlens: Command, monkeypatch: pytest.MonkeyPatch, phantoms: Path, tmp_path: Path
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Crossval, "run", interrupted)
    said = brainlens(*_arguments(phantoms, tmp_path / "out"))
    assert said.status == 130
    assert "goes on where it stopped" in said.err


def test_folds_that_did_not_come_with_the_data(
    brainlens: Command, phantoms: Path, tmp_path: Path
) -> None:
    arguments = ("--protocol", "official", "--out", tmp_path / "out")
    said = brainlens("crossval", "--data", phantoms, *arguments)
    assert said.status == 2
    assert "--protocol grouped" in said.err
    assert not (tmp_path / "out").exists()
