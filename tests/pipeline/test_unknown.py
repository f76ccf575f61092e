import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from brainlens.bundle.load import load_bundle
from brainlens.datasets.manifest import Manifest
from brainlens.errors import DataError, RunError, UsageError
from brainlens.outcomes import read_outcomes
from brainlens.pipeline.small_run import SmallRun
from brainlens.pipeline.unknown import unknown
from brainlens.pipeline.unknown_result import UnknownResult

from .ellipses import Picture, head, write_set

QUICK = SmallRun(epochs=1, size=32, batch_size=16, threads=1, accelerator="cpu")


def _left(rng: np.random.Generator) -> Picture:
    return head(rng, blob=(0, -9))


def _right(rng: np.random.Generator) -> Picture:
    return head(rng, blob=(0, 9))


def _striped(rng: np.random.Generator) -> Picture:
    return head(rng, stripes=True)


@pytest.fixture
def three(tmp_path: Path) -> Manifest:
    return write_set(
        tmp_path / "set", {"left": _left, "right": _right, "striped": _striped}, patients=10
    )


def test_a_class_left_out_is_shown_and_never_trained_on(three: Manifest, tmp_path: Path) -> None:
    # One patient with slices of two classes: where its slices of the one are trained on, those of
    # the other are not shown as strangers.
    shared = three.with_rows(
        replace(row, patient="left-0") if row.patient == "striped-0" else row for row in three.rows
    )
    side = {"left-0": "train", "left-1": "test", "right-1": "test", "striped-1": "test"}
    data = shared.with_rows(replace(r, split=side.get(r.patient, "train")) for r in shared.rows)
    said: list[str] = []
    work = tmp_path / "work"

    def test(run: SmallRun) -> UnknownResult:
        return unknown(data, work, run, classes=("striped",), progress=False, say=said.append)

    first = test(QUICK)
    (one,) = first.left_out
    assert one.class_id == "striped"
    assert one.n_hidden == 2
    assert (one.answered.n_slices, one.answered.n_units) == (18, 9)
    assert (one.accuracy.n_slices, one.known_answered.n_units) == (4, 2)
    assert sum(one.taken_for.values()) == 18
    assert set(one.taken_for) <= {"left", "right"}

    folder = work / "without-3"
    trained = Manifest.load(folder / "run" / "manifest.csv")
    assert {row.label for row in trained.rows} == {"left", "right"}
    assert load_bundle(folder / "calibrated").info.decision_sha256 == one.decision_sha256
    outcomes = read_outcomes(folder / "outcomes.csv")
    strange = [o.label == "striped" for o in outcomes]
    answered = [o.status == "answered" for o in outcomes]
    assert one.answered.value == pytest.approx(np.mean(np.array(answered)[strange]))
    doubts = [1 - (o.confidence or 0) for o in outcomes]
    assert one.by_confidence.auroc == pytest.approx(roc_auc_score(strange, doubts))

    saved = json.loads((work / "unknown.json").read_text())
    assert saved == json.loads(json.dumps(first.to_dict()))
    assert str(tmp_path) not in json.dumps(saved)
    assert test(QUICK) == first
    assert sum("Exporting" in line for line in said) == 1
    with pytest.raises(RunError, match="epochs is 2, was 1"):
        test(replace(QUICK, epochs=2))


def test_two_classes_are_too_few_to_leave_one_out(three: Manifest, tmp_path: Path) -> None:
    two = three.with_rows(row for row in three.rows if row.label != "left")
    with pytest.raises(DataError, match="2 classes here: right, striped"):
        unknown(two, tmp_path / "work", QUICK, say=print)


def test_a_class_that_is_not_there_cannot_be_left_out(three: Manifest, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no class ring"):
        unknown(three, tmp_path / "work", QUICK, classes=("ring",), say=print)


def test_a_class_whose_patients_were_all_trained_on_cannot_be_shown(
    three: Manifest, tmp_path: Path
) -> None:
    # Every striped slice is of a patient with slices of another class.
    twins = three.with_rows(
        replace(row, patient=row.patient.replace("striped", "left")) for row in three.rows
    )
    data = twins.with_rows(
        replace(row, split="test" if row.patient == "right-0" else "train") for row in twins.rows
    )
    with pytest.raises(DataError, match="Every patient with a slice of striped"):
        unknown(data, tmp_path / "work", QUICK, classes=("striped",), say=print)


@pytest.mark.system
def test_a_twin_cannot_be_told_and_a_stranger_can(tmp_path: Path) -> None:
    # The twin looks just as the left class does; the striped one like nothing else.
    data = write_set(
        tmp_path / "set",
        {"left": _left, "right": _right, "striped": _striped, "twin": _left},
        patients=60,
    )
    run = replace(QUICK, epochs=8, preset="scaled")
    alone = data.with_rows(row for row in data.rows if row.label != "twin")
    (striped,) = unknown(alone, tmp_path / "1", run, classes=("striped",), say=print).left_out
    assert striped.accuracy.value == pytest.approx(1, abs=0.05)
    assert striped.by_distance.auroc > 0.95
    (twin,) = unknown(data, tmp_path / "2", run, classes=("twin",), say=print).left_out
    assert twin.accuracy.value == pytest.approx(1, abs=0.05)
    assert twin.answered.value == pytest.approx(1, abs=0.1)
    assert twin.taken_for["left"] == pytest.approx(120, abs=12)
    assert twin.by_distance.auroc == pytest.approx(0.5, abs=0.25)
