import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brainlens.bundle.calibration import ErrorBound
from brainlens.bundle.load import load_bundle
from brainlens.bundle.schema import TargetError
from brainlens.datasets.manifest import Manifest
from brainlens.datasets.phantom import write_phantoms
from brainlens.errors import RunError, UsageError
from brainlens.evaluation.pooled import LEAKING, SEVERAL
from brainlens.evaluation.report.confidence_section import confidence
from brainlens.evaluation.report.findings import Findings
from brainlens.outcomes import read_outcomes
from brainlens.pipeline.crossval import Crossval
from brainlens.training.config import TrainConfig, preset

SIZE = 32


def silent(text: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("phantoms") / "set"
    write_phantoms(root, 200, 5, size=48)
    return root


def config(data: Path, **changes: object) -> TrainConfig:
    spec = preset("scaled", data).preprocess.model_copy(update={"size": SIZE})
    narrow = {"channels": [4, 4, 8, 8, 8], "hidden": 8}
    chosen = {"epochs": 1, "threads": 1, "accelerator": "cpu", "val_fraction": 0.3}
    return preset("scaled", data, preprocess=spec, network_options=narrow, **(chosen | changes))


@pytest.fixture(scope="module")
def done(phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> Crossval:
    out = tmp_path_factory.mktemp("crossval") / "out"
    work = Crossval(config(phantoms), "grouped", out, n_folds=2)
    # One fold now, the other by another object: that is how two processes share the work.
    work.run([2], say=silent)
    assert work.unfinished == (1,)
    again = Crossval(config(phantoms), "grouped", out, n_folds=2)
    again.run(say=silent)
    assert again.unfinished == ()
    again.pool(say=silent)
    return again


def test_every_slice_is_answered_once_by_a_model_that_never_saw_its_patient(
    done: Crossval, phantoms: Path
) -> None:
    outcomes = read_outcomes(done.folder / "outcomes.csv")
    manifest = Manifest.load(phantoms / "manifest.csv")
    assert sorted(o.path for o in outcomes) == sorted(
        row.path.relative_to(manifest.root).as_posix() for row in manifest.rows
    )
    for fold in done.plan.folds:
        parts = Manifest.load(done.fold(fold) / "manifest.csv")
        trained = {row.patient for row in parts.rows if row.split in ("train", "val")}
        tested = {outcome.patient for outcome in outcomes if outcome.fold == fold}
        assert tested
        assert not trained & tested


def test_a_network_whose_name_is_no_bundle_name_goes_through(
    phantoms: Path, tmp_path: Path
) -> None:
    spec = preset("guided", phantoms).preprocess.model_copy(update={"size": SIZE})
    small = {"preprocess": spec, "epochs": 1, "threads": 1, "accelerator": "cpu", "init": "random"}
    work = Crossval(preset("guided", phantoms, **small), "grouped", tmp_path / "out", n_folds=2)
    work.run([2], say=silent)
    assert load_bundle(work.fold(2) / "bundle").info.name == "guided-grouped-fold2"


def test_figures_are_those_of_the_outcomes(done: Crossval) -> None:
    outcomes = read_outcomes(done.folder / "outcomes.csv")
    found = json.loads((done.folder / "metrics.json").read_text())
    accuracy = np.mean([o.label == o.predicted_class for o in outcomes])
    of_all = {m["name"]: m["value"] for m in found["all"]["metrics"] if m["class_id"] is None}
    assert of_all["accuracy"] == pytest.approx(accuracy)
    assert found["all"]["n_slices"] == 200
    assert found["protocol"] == "grouped"
    by_fold = [
        np.mean([o.label == o.predicted_class for o in outcomes if o.fold == fold])
        for fold in (1, 2)
    ]
    assert [f["accuracy"] for f in found["folds"]] == pytest.approx(by_fold)
    assert found["accuracy_over_folds"]["mean"] == pytest.approx(np.mean(by_fold))
    assert found["accuracy_over_folds"]["standard_deviation"] == pytest.approx(
        np.std(by_fold, ddof=1)
    )
    assert [f["split_check"] for f in found["folds"]] == ["clean", "clean"]
    assert SEVERAL in found["notes"]
    assert found["plan"]["data_sha256"] == done.plan.data_sha256
    assert found["looking"] is None
    assert found["data_sha256"] == done.plan.data_sha256


def test_the_page_tells_each_fold_and_what_calibration_does(done: Crossval) -> None:
    page = (done.folder / "report.html").read_text()
    metrics = json.loads((done.folder / "metrics.json").read_text())
    assert "Fold by fold" in page
    for fold in metrics["folds"]:
        assert fold["decision_sha256"][:12] in page
    assert "What calibration does" in page
    for when in ("before", "after"):
        assert f"{metrics['confidence'][when]['brier']:.3f}" in page
    others = metrics["confidence"]["by_others"]
    assert f"{others['figures']['brier']:.3f}" in page
    assert set(others["temperatures"]) == {"1", "2"}


def test_what_can_be_promised_of_the_error_is_said(done: Crossval) -> None:
    pooled = done.pool(say=silent)
    bound = ErrorBound(threshold=0.7, n_answered=100, n_wrong=3, level=0.95, at_most=0.076)
    target = TargetError(error=0.02, level=0.95, threshold=None)
    promised = replace(pooled, fit=replace(pooled.fit, error_bound=bound, target_error=target))
    text = str(confidence(Findings(promised.evaluation, pooled=promised)))
    space = "\N{NO-BREAK SPACE}"
    assert f"3 of 100 patients with an answer, so at most 7.6{space}%" in text
    assert f"For at most 2.0{space}%, these data can carry no threshold." in text


def test_probabilities_before_are_those_of_the_uncalibrated_bundles(done: Crossval) -> None:
    found = json.loads((done.folder / "metrics.json").read_text())
    temperatures = [f["temperature"] for f in found["folds"]]
    bundles = [load_bundle(done.fold(fold) / "bundle").info for fold in done.plan.folds]
    assert temperatures == [info.temperature for info in bundles]
    assert [f["decision_sha256"] for f in found["folds"]] == [i.decision_sha256 for i in bundles]
    before, after = found["confidence"]["before"], found["confidence"]["after"]
    if any(t != 1 for t in temperatures):
        assert before != after


def test_what_is_done_is_not_done_again(done: Crossval, phantoms: Path) -> None:
    before = {
        path: path.stat().st_mtime_ns for path in done.folder.rglob("*") if path.suffix == ".ckpt"
    }
    Crossval(config(phantoms), "grouped", done.folder, n_folds=2).run(say=silent)
    assert before
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_other_choices_are_refused(done: Crossval, phantoms: Path) -> None:
    with pytest.raises(RunError, match="another epochs") as caught:
        Crossval(config(phantoms, epochs=2), "grouped", done.folder, n_folds=2)
    assert "new folder" in caught.value.hint
    with pytest.raises(RunError, match="another protocol"):
        Crossval(config(phantoms), "random", done.folder, n_folds=2)


def test_a_damaged_plan(done: Crossval, phantoms: Path, tmp_path: Path) -> None:
    (tmp_path / "crossval.json").write_text("{")
    with pytest.raises(RunError, match="cannot be read"):
        Crossval(config(phantoms), "grouped", tmp_path, n_folds=2)


def test_no_such_fold(done: Crossval) -> None:
    with pytest.raises(UsageError, match="no fold 7"):
        done.run([7], say=silent)


def test_unfinished_folds_cannot_be_pooled(phantoms: Path, tmp_path: Path) -> None:
    work = Crossval(config(phantoms), "grouped", tmp_path / "out", n_folds=2)
    with pytest.raises(RunError, match="not finished yet: 1, 2"):
        work.pool(say=silent)


def test_random_folds_leak_on_purpose_and_everything_says_so(
    phantoms: Path, tmp_path: Path
) -> None:
    work = Crossval(config(phantoms), "random", tmp_path / "out", n_folds=2)
    work.run(say=silent)
    pooled = work.pool(say=silent)
    assert pooled.evaluation.cautions[0] == LEAKING
    assert {fold.split_check for fold in pooled.folds} == {"leaky"}
    found = json.loads((work.folder / "metrics.json").read_text())
    assert found["cautions"][0] == LEAKING
    assert LEAKING.split(":")[0] in (work.folder / "report.html").read_text()
    history = json.loads((work.fold(1) / "run" / "history.json").read_text())
    assert {row["split_check"] for row in history} == {"leaky"}


def test_folds_of_different_classes_are_not_pooled(done: Crossval) -> None:
    from brainlens.errors import DataError
    from brainlens.evaluation.pooled import pool

    one, two = done.evaluate(say=silent)
    other = replace(two, evaluation=replace(two.evaluation, class_ids=("a", "b")))
    with pytest.raises(DataError, match="different classes"):
        pool([one, other], done.dealt, name="x")
