import json
from dataclasses import replace
from pathlib import Path

import pytest

from brainlens.bundle.card_figures import figures
from brainlens.bundle.schema import GRAPH, Metric
from brainlens.datasets.manifest import Manifest
from brainlens.datasets.phantom import write_phantoms
from brainlens.datasets.split_check import check_split
from brainlens.datasets.splits import split
from brainlens.errors import DataError, UsageError
from brainlens.imaging.spec import PreprocessSpec
from brainlens.pipeline import recipe
from brainlens.pipeline.recipe import RECIPES, Recipe
from brainlens.pipeline.release import EVALUATION, release
from brainlens.training.config import TrainConfig, preset

REAL = Path(__file__).parents[3] / "shared" / "data" / "cheng"


def _prepare(data: Path | None, work: Path) -> Path:
    table = work / "split" / "manifest.csv"
    if not table.exists():
        whole = write_phantoms(work / "phantoms", slices=160, seed=0, size=64)
        split(whole, test_fraction=0.2, val_fraction=0.4, seed=0).save(table)
    return table


def _configure(data: Path) -> TrainConfig:
    return preset(
        "default", data, epochs=1, preprocess=PreprocessSpec(size=32), batch_size=16, threads=1
    )


@pytest.fixture
def tiny_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "tiny", Recipe("0.0.1", _prepare, _configure))


@pytest.mark.usefixtures("tiny_recipe")
def test_a_release_carries_the_figures_of_the_very_file_and_goes_on_where_it_was(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    work, out = tmp_path / "work", tmp_path / "bundles" / "tiny"
    first = release("tiny", None, work, out, say=said.append)
    assert {metric.split for metric in first.info.metrics} == {"test"}
    assert {m.decision_sha256 for m in first.info.metrics} == {first.info.decision_sha256}
    assert {m.protocol for m in first.info.metrics} == {"grouped"}
    assert first.read("README.md").decode().count("###") == figures(first.info).count("###") > 0
    assert [gate["gate"] for gate in first.info.gates] == ["image_sanity", "distance", "distance"]
    assert first.info.calibration is not None
    assert first.info.calibration.split == "val"
    assert [curves.split for curves in first.info.curves] == ["test"]
    saved = json.loads((work / EVALUATION).read_text())
    assert saved["split"] == "test"
    assert saved["gates"]["n_slices"] == saved["n_sent"]
    assert saved["decision_sha256"] == first.info.decision_sha256
    assert str(tmp_path) not in json.dumps(saved)

    again = release("tiny", None, work, out, say=said.append)
    assert again.info == first.info
    assert sum("Exporting" in line for line in said) == 1

    # From the shipped weights: the same figures, without training, whatever was fitted before.
    trained = (work / "run" / "history.json").stat().st_mtime_ns
    anew = release("tiny", None, tmp_path / "other", out, weights=out, say=said.append)
    assert anew.info.temperature == pytest.approx(first.info.temperature, rel=1e-3)
    accuracy = first.info.metrics[0]
    assert (accuracy.name, accuracy.value) == ("accuracy", anew.info.metrics[0].value)
    assert not (tmp_path / "other" / "run").exists()
    assert (work / "run" / "history.json").stat().st_mtime_ns == trained


@pytest.mark.usefixtures("tiny_recipe")
def test_a_recipe_may_do_without_calibration_and_store_halves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECIPES, "tiny", replace(RECIPES["tiny"], calibrate=False, half=True))
    others = Metric(
        name="accuracy",
        value=0.75,
        split="test",
        protocol="grouped",
        n_slices=90,
        decision_sha256="f" * 64,
        subgroup="other networks of this recipe",
    )
    out = tmp_path / "tiny"
    made = release("tiny", None, tmp_path / "work", out, pooled=[others], say=lambda _: None)
    assert (made.info.calibration, made.info.temperature) == (None, 1.0)
    assert made.info.gates
    assert made.info.half_precision
    assert made.info.metrics[-1] == others
    assert "other networks of this recipe, protocol grouped" in made.read("README.md").decode()
    again = release("tiny", None, tmp_path / "other", out, weights=out, say=lambda _: None)
    assert again.info.half_precision
    assert again.read(GRAPH) == made.read(GRAPH)


def test_a_release_without_a_recipe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="default, simple-cnn, demo"):
        release("other", None, tmp_path / "work", tmp_path / "out", say=print)


def test_the_default_bundle_needs_its_data_and_the_demo_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--data"):
        RECIPES["default"].prepare(None, tmp_path)
    with pytest.raises(UsageError, match="synthetic"):
        RECIPES["demo"].prepare(tmp_path, tmp_path)


def test_phantoms_are_made_once_and_split_by_patients(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fewer(out: Path, *, slices: int, seed: int, size: int) -> Manifest:
        assert (slices, size) == (2400, 256)
        return write_phantoms(out, slices=60, seed=seed, size=32)

    monkeypatch.setattr(recipe, "write_phantoms", fewer)
    table = RECIPES["demo"].prepare(None, tmp_path)
    manifest = Manifest.load(table)
    assert set(manifest.counts()) == {"train", "val", "test"}
    assert check_split(manifest).status == "clean"
    monkeypatch.setattr(recipe, "write_phantoms", None)
    assert RECIPES["demo"].prepare(None, tmp_path) == table


def test_a_folder_that_is_not_the_cheng_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        RECIPES["default"].prepare(tmp_path, tmp_path / "work")


@pytest.mark.real_data
@pytest.mark.skipif(not REAL.is_dir(), reason=f"the real slices are not at {REAL}")
def test_fold_1_is_clean_for_the_default_bundle(tmp_path: Path) -> None:
    manifest = Manifest.load(RECIPES["default"].prepare(REAL, tmp_path))
    assert len(manifest) == 3064
    assert check_split(manifest).status == "clean"
    val = manifest.select(split="val")
    assert len({row.group for row in val.rows}) == recipe.VALIDATION_GROUPS
    assert {row.fold for row in manifest.select(split="test").rows} == {1}
    configured = {name: RECIPES[name].configure(manifest.root) for name in RECIPES}
    assert configured["default"].preset == "guided"
    assert (configured["simple-cnn"].preset, configured["simple-cnn"].epochs) == ("default", 30)
