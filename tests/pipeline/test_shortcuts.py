import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brainlens.datasets.manifest import Manifest
from brainlens.datasets.phantom import write_phantoms
from brainlens.errors import RunError
from brainlens.pipeline.shortcuts import shortcuts
from brainlens.pipeline.shortcuts_result import ShortcutsResult
from brainlens.pipeline.small_run import SmallRun

from .ellipses import Picture, head, write_set

QUICK = SmallRun(epochs=1, size=32, batch_size=16, threads=1, accelerator="cpu")


def test_what_is_done_is_not_done_again_and_other_choices_are_refused(tmp_path: Path) -> None:
    data = write_set(
        tmp_path / "set",
        {"a": lambda rng: head(rng, half=(20, 12)), "b": lambda rng: head(rng, half=(12, 20))},
        patients=10,
    )
    said: list[str] = []
    work = tmp_path / "work"

    def test(run: SmallRun) -> ShortcutsResult:
        return shortcuts(
            data, work, run, tests=("shuffled_labels",), progress=False, say=said.append
        )

    first = test(QUICK)
    (shortcut,) = first.shortcuts
    assert (shortcut.name, shortcut.chance, shortcut.n_patients) == ("shuffled_labels", 0.5, 4)
    assert shortcut.accuracy is not None
    assert shortcut.trained is not None
    saved = json.loads((work / "shortcuts.json").read_text())
    assert saved == json.loads(json.dumps(first.to_dict()))
    assert saved["run"]["epochs"] == 1
    assert str(tmp_path) not in json.dumps(saved)
    # Nothing is varied and the last epoch is measured: a leak shows in what is known by heart.
    record = json.loads((work / "shuffled-labels" / "run" / "config.json").read_text())
    assert record["config"]["augmentation"] is None

    assert test(QUICK) == first
    assert sum("Exporting" in line for line in said) == 1
    with pytest.raises(RunError, match="other images or another split"):
        test(replace(QUICK, seed=1))
    with pytest.raises(RunError, match="epochs is 2, was 1"):
        test(replace(QUICK, epochs=2))


def _resized(data: Manifest, size: int, label: str) -> None:
    for row in data.rows:
        if row.label == label:
            with Image.open(row.path) as image:
                image.resize((size, size)).save(row.path)


@pytest.mark.parametrize("given_away", [True, False])
def test_file_facts_that_give_the_class_away_are_found_without_training(
    tmp_path: Path, given_away: bool
) -> None:
    data = write_set(tmp_path / "set", {"a": head, "b": head}, patients=30)
    if given_away:
        _resized(data, 60, "b")
    bare = data.with_rows(replace(r, sha256="", pixel_sha256="") for r in data.rows)
    result = shortcuts(bare, tmp_path / "work", QUICK, tests=("file_facts",), say=print)
    (shortcut,) = result.shortcuts
    assert shortcut.n_slices == 120
    assert shortcut.n_patients == 60
    assert shortcut.accuracy is None
    assert shortcut.above_chance is given_away
    assert ("do not give" in shortcut.meaning) is not given_away
    assert {path.name for path in (tmp_path / "work").iterdir()} == {"shortcuts.json"}


def test_file_facts_of_too_few_slices_are_not_measured(tmp_path: Path) -> None:
    data = write_set(tmp_path / "set", {"a": head, "b": head}, patients=6, slices=1)
    result = shortcuts(data, tmp_path / "work", QUICK, tests=("file_facts",), say=print)
    (shortcut,) = result.shortcuts
    assert shortcut.balanced_accuracy is None
    assert shortcut.above_chance is None
    assert "Fewer than two classes have 20 slices" in shortcut.meaning


@pytest.mark.system
def test_an_outline_gives_away_what_is_in_it_and_nothing_else(tmp_path: Path) -> None:
    def tall(rng: np.random.Generator) -> Picture:
        return head(rng, half=(20, 13))

    run = replace(QUICK, epochs=8, preset="scaled")
    shapes = write_set(
        tmp_path / "shapes", {"a": tall, "b": lambda rng: head(rng, half=(13, 20))}, patients=60
    )
    found = shortcuts(shapes, tmp_path / "1", run, tests=("head_outline",), say=print).shortcuts[0]
    assert found.above_chance
    assert found.balanced_accuracy == pytest.approx(1, abs=0.1)

    # Told apart by what lies inside, where an outline cannot show it.
    blobs = write_set(
        tmp_path / "blobs",
        {"a": tall, "b": lambda rng: head(rng, half=(20, 13), blob=(5, 0))},
        patients=60,
    )
    whole, outline = shortcuts(
        blobs, tmp_path / "2", run, tests=("head_outline", "whole_images"), say=print
    ).shortcuts
    assert whole.above_chance
    assert outline.above_chance is False
    assert outline.n_slices == whole.n_slices == 48


@pytest.mark.system
def test_shuffled_labels_are_guessed_unless_patients_are_on_both_sides(tmp_path: Path) -> None:
    run = replace(QUICK, epochs=30, size=64)
    whole = write_phantoms(tmp_path / "phantoms", slices=240, seed=1, size=64)
    unsplit = whole.with_rows(replace(row, split="", protocol="") for row in whole.rows)
    clean = shortcuts(unsplit, tmp_path / "1", run, tests=("shuffled_labels",), say=print)
    assert clean.shortcuts[0].trained == pytest.approx(1, abs=0.2)
    assert clean.shortcuts[0].above_chance is False
    assert "no better than guessing" in clean.shortcuts[0].meaning

    # Each slice under a pseudonym of its own, in the group that is the true patient: such a split
    # is allowed with a warning. Every fourth slice is tested, so its neighbours were trained on.
    torn = unsplit.with_rows(
        replace(
            row,
            patient=f"{row.patient}-{i}",
            group=row.patient,
            split=("train", "train", "train", "test")[i % 4],
        )
        for i, row in enumerate(unsplit.rows)
    )
    torn = torn.with_rows(
        replace(row, split="val" if row.split == "train" and i % 10 == 0 else row.split)
        for i, row in enumerate(torn.rows)
    )
    leaky = shortcuts(torn, tmp_path / "2", run, tests=("shuffled_labels",), say=print)
    assert leaky.shortcuts[0].above_chance
    assert "knows them from training" in leaky.shortcuts[0].meaning
