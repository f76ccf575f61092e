import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from brainlens.bundle import load_bundle
from brainlens.datasets.manifest import Manifest, Row
from brainlens.inference.calibration import softmax
from brainlens.outcomes import Outcome, write_outcomes
from brainlens.words import DISCLAIMER

from .conftest import Command

CLASSES = ("alpha", "beta", "gamma")


@pytest.fixture
def table(tmp_path: Path, slice_png: Callable[..., bytes]) -> Path:
    """Return a manifest: twelve patients to calibrate on, of whom one is wrong; two of the test."""
    rows = []
    for number in range(14):
        path = tmp_path / "slices" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(slice_png(number % 3, seed=number))
        label = "beta" if number == 0 else CLASSES[number % 3]
        split = "val" if number < 12 else "test"
        rows.append(Row(path, label=label, patient=f"p{number}", split=split, protocol="grouped"))
    Manifest(tmp_path / "slices", tuple(rows)).save(tmp_path / "slices" / "manifest.csv")
    return tmp_path / "slices" / "manifest.csv"


@pytest.fixture
def outcomes(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    found = []
    for number in range(100):
        logits = rng.normal(0, 4, 3)
        shares = softmax(logits).tolist()
        found.append(
            Outcome(
                f"{number}",
                label=CLASSES[rng.choice(3, p=softmax(logits, 2.0))],
                patient=f"p{number}",
                status="answered",
                predicted_class=CLASSES[int(np.argmax(shares))],
                confidence=max(shares),
                probabilities=dict(zip(CLASSES, shares, strict=True)),
            )
        )
    write_outcomes(tmp_path / "outcomes.csv", found, CLASSES)
    return tmp_path / "outcomes.csv"


def test_a_bundle_is_calibrated_on_its_own_answers(
    brainlens: Command, tiny_bundle: Path, table: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    said = brainlens(
        "calibrate", tiny_bundle, "--data", table, "--out", new, "--target-error", 0.02
    )
    assert said.status == 0
    info = load_bundle(new).info
    assert info.temperature > 1
    assert f"Temperature: 1 before, {info.temperature:.4g} now." in said.out
    assert "calibrated on 12 slices of 12 patients (val, grouped)" in said.out
    assert "alpha 25.0%, beta 41.7%, gamma 33.3%" in said.out
    assert "It takes at least 149 answered patients without one wrong answer" in said.out
    assert "In every set, since too few patients are there" in said.out
    assert said.out.splitlines()[-1] == DISCLAIMER
    assert str(new) in said.err


def test_out_of_fold_answers_leave_the_test_patients_out(
    brainlens: Command, tiny_bundle: Path, table: Path, outcomes: Path, tmp_path: Path
) -> None:
    options = ("--outcomes", outcomes, "--out")
    said = brainlens("calibrate", tiny_bundle, "--data", table, *options, tmp_path / "new")
    assert said.status == 0
    assert "Left out, of patients of the test split: 2 slices." in said.out
    assert "not of this one" in said.out
    assert "98 slices of 98 patients" in said.out
    said = brainlens("calibrate", tiny_bundle, *options, tmp_path / "second")
    assert "100 slices of 100 patients" in said.out
    assert "Without --data nobody can tell" in said.out


def test_a_promise_that_can_be_made_is_made(
    brainlens: Command, tiny_bundle: Path, outcomes: Path, tmp_path: Path
) -> None:
    options = ("--outcomes", outcomes, "--out", tmp_path / "new", "--target-error", 0.5)
    said = brainlens("calibrate", tiny_bundle, *options)
    assert "at most 50.0% of answered patients get a wrong answer, at 95% confidence" in said.out


def test_json_is_json_and_nothing_else(
    brainlens: Command, tiny_bundle: Path, table: Path, tmp_path: Path
) -> None:
    said = brainlens("calibrate", tiny_bundle, "--data", table, "--out", tmp_path / "new", "--json")
    content = json.loads(said.out)
    info = load_bundle(tmp_path / "new").info
    assert content["decision_sha256"] == info.decision_sha256
    assert content["calibration"]["n_slices"] == 12
    assert content["left_out"]["n_seen"] == 0


def test_another_class_mix(
    brainlens: Command, tiny_bundle: Path, table: Path, tmp_path: Path
) -> None:
    said = brainlens(
        "calibrate",
        tiny_bundle,
        "--data",
        table,
        "--out",
        tmp_path / "new",
        "--prior",
        "gamma=0.2, beta=0.3, alpha=0.5",
    )
    assert said.status == 0
    assert "Probabilities are turned to: " in said.out
    prior = load_bundle(tmp_path / "new").info.prior
    assert prior is not None
    assert prior.shares == {"alpha": 0.5, "beta": 0.3, "gamma": 0.2}


@pytest.mark.parametrize("mix", ["alpha", "alpha=much", "=0.5", "alpha=0.5,alpha=0.5"])
def test_a_mix_that_is_none(
    brainlens: Command, tiny_bundle: Path, table: Path, tmp_path: Path, mix: str
) -> None:
    said = brainlens(
        "calibrate", tiny_bundle, "--data", table, "--out", tmp_path / "new", "--prior", mix
    )
    assert said.status == 2
    assert "--prior" in said.error
    assert not (tmp_path / "new").exists()


def test_something_to_calibrate_on_is_needed(
    brainlens: Command, tiny_bundle: Path, tmp_path: Path
) -> None:
    said = brainlens("calibrate", tiny_bundle, "--out", tmp_path / "new")
    assert said.status == 2
    assert "Give --data or --outcomes" in said.error


def test_the_split_test_and_what_was_left_out_are_said(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path, tmp_path: Path
) -> None:
    said = brainlens("calibrate", tiny_bundle, "--data", tiny_set, "--out", tmp_path / "new")
    assert said.status == 0
    assert "Left out, without an answer: 1 slice." in said.out
    assert "Left out, seen in training: 1 slice." in said.out
    assert "folder_gamma was taken for gamma" in said.out
    assert "measure the new bundle on other patients" in said.out


def test_a_few_slices_without_a_mistake_change_the_temperature_little(
    brainlens: Command, tiny_bundle: Path, table: Path, tmp_path: Path
) -> None:
    said = brainlens(
        "calibrate", tiny_bundle, "--data", table, "--split", "test", "--out", tmp_path / "new"
    )
    assert said.status == 0
    found = re.search(r"Temperature: 1 before, (0\.[5-9]\d*) now", said.out)
    assert found, said.out
