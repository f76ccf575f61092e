import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from brainlens.bundle import load_bundle
from brainlens.evaluation.ratio import Ratio
from brainlens.evaluation.separation import Separation
from brainlens.pipeline import unknown as room
from brainlens.pipeline.small_run import SmallRun
from brainlens.pipeline.unknown_result import LeftOut, UnknownResult
from brainlens.words import DISCLAIMER

from .conftest import Command

SHARE = Ratio(0.25, None, 8, 4)


def _result(run: SmallRun) -> UnknownResult:
    one = LeftOut(
        class_id="ring",
        display_name="Ring",
        decision_sha256="0" * 64,
        temperature=1.0,
        threshold=0.7,
        accuracy=SHARE,
        known_answered=SHARE,
        answered=Ratio(0.5, (0.125, 0.875), 8, 4),
        taken_for={"a": 8},
        by_confidence=Separation(0.75, None),
        by_distance=Separation(0.9, (0.8, 1.0)),
        n_hidden=0,
    )
    return UnknownResult((one,), "grouped", "0" * 64, run)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stand in for the trainings, which tests of the pipeline run; returns what was asked for."""
    asked: dict[str, Any] = {}

    def answer(data: Any, work: Path, run: SmallRun, **options: Any) -> UnknownResult:
        asked.update(options, work=work, run=run, n=len(data))
        options["say"]("Without ring")
        return _result(run)

    monkeypatch.setattr(room, "unknown", answer)
    return asked


def test_a_table_and_sentences(
    brainlens: Command, asked: dict[str, Any], tiny_set: Path, tmp_path: Path
) -> None:
    said = brainlens(
        "unknown", "--data", tiny_set, "--out", tmp_path / "out", "--class", "beta", "--class",
        "alpha", "--preset", "scaled", "--epochs", 3, "--size", 48, "--seed", 2, "--threads", 1,
    )  # fmt: skip
    assert said.status == 0
    assert asked["run"] == SmallRun("scaled", epochs=3, size=48, seed=2, threads=1)
    assert asked["classes"] == ["beta", "alpha"]
    assert (asked["n"], asked["progress"], asked["work"]) == (6, True, tmp_path / "out")
    row = next(line for line in said.out.splitlines() if line.startswith("│ ring"))
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells == ["ring", "8", "0.500", "0.125 to 0.875", "0.250", "0.750", "0.900"]
    assert "Trained without Ring" in said.out
    assert "no word for a tumour" in said.out
    assert said.out.splitlines()[-1] == DISCLAIMER
    assert "Without ring" in said.err


def test_json_is_json_and_nothing_else(
    brainlens: Command, asked: dict[str, Any], tiny_set: Path, tmp_path: Path
) -> None:
    said = brainlens("unknown", "--data", tiny_set, "--out", tmp_path / "out", "--json")
    assert json.loads(said.out) == _result(SmallRun()).to_dict()
    assert asked["progress"] is False
    assert asked["classes"] == ()


def test_a_bundle_says_it_in_its_first_lines(
    brainlens: Command,
    monkeypatch: pytest.MonkeyPatch,
    tiny_bundle: Path,
    tiny_set: Path,
    tmp_path: Path,
) -> None:
    def answer(*_: Any, **options: Any) -> UnknownResult:
        result = _result(SmallRun())
        return replace(result, left_out=(replace(result.left_out[0], class_id="beta"),))

    monkeypatch.setattr(room, "unknown", answer)
    arguments = ("unknown", "--data", tiny_set, "--out", tmp_path / "out", "--bundle")
    told, again = tmp_path / "told", tmp_path / "again"
    said = brainlens(*arguments, tiny_bundle, "--bundle-out", told)
    assert said.status == 0
    # Asked once more, the sentence is not said twice.
    assert brainlens(*arguments, told, "--bundle-out", again).status == 0
    bundle = load_bundle(again)
    (sentence,) = bundle.info.must_know
    assert "50 % of its slices were answered as one of the others" in sentence
    card = bundle.read("README.md").decode()
    assert card.index(sentence) < card.index("## ")
    assert bundle.info.decision_sha256 == load_bundle(tiny_bundle).info.decision_sha256


def test_a_bundle_needs_a_folder_and_the_classes_of_the_test(
    brainlens: Command, asked: dict[str, Any], tiny_bundle: Path, tiny_set: Path, tmp_path: Path
) -> None:
    arguments = ("unknown", "--data", tiny_set, "--out", tmp_path / "out", "--bundle", tiny_bundle)
    said = brainlens(*arguments)
    assert said.status == 2
    assert "--bundle-out" in said.error
    said = brainlens(*arguments, "--bundle-out", tmp_path / "told")
    assert said.status == 2
    assert "ring, which the bundle does not know" in said.err
    assert not (tmp_path / "told").exists()


def test_an_interruption_says_how_to_go_on(
    brainlens: Command, monkeypatch: pytest.MonkeyPatch, tiny_set: Path, tmp_path: Path
) -> None:
    def interrupted(*_: Any, **__: Any) -> UnknownResult:
        raise KeyboardInterrupt

    monkeypatch.setattr(room, "unknown", interrupted)
    said = brainlens("unknown", "--data", tiny_set, "--out", tmp_path / "out")
    assert said.status == 130
    assert "goes on where it stopped" in said.err


def test_what_cannot_be_is_one_line(brainlens: Command, tiny_set: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = brainlens("unknown", "--data", tiny_set, "--out", out, "--size", 8)
    assert said.status == 2
    assert "size" in said.err
    said = brainlens("unknown", "--data", tiny_set, "--out", out)
    assert said.status == 2
    assert "damaged.png" in said.err
    assert not out.exists()
