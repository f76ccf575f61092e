import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brainlens.pipeline import shortcuts as room
from brainlens.pipeline.shortcuts_result import Shortcut, ShortcutsResult
from brainlens.pipeline.small_run import SmallRun
from brainlens.words import DISCLAIMER

from .conftest import Command


@pytest.fixture
def many(tmp_path: Path, slice_png: Callable[..., bytes]) -> Path:
    """Return two class folders of 24 images each: enough to cross-validate file facts."""
    root = tmp_path / "many"
    for index, name in enumerate(("alpha", "beta")):
        (root / name).mkdir(parents=True)
        for i in range(24):
            (root / name / f"{i}.png").write_bytes(slice_png(index, seed=100 * index + i))
    return root


def test_file_facts_alone_need_no_training(brainlens: Command, many: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = brainlens("shortcuts", "--data", many, "--out", out, "--test", "file-facts")
    assert said.status == 0, said.err
    row = next(line for line in said.out.splitlines() if line.startswith("│ file facts only"))
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells[3:] == ["0.500", "–", "–", "–", "48"]
    assert "File facts only: Size, format" in said.out
    assert said.out.splitlines()[-1] == DISCLAIMER
    assert [path.name for path in out.iterdir()] == ["shortcuts.json"]
    assert f"Wrote {out / 'shortcuts.json'}." in said.err


def test_options_reach_the_tests_and_json_is_nothing_else(
    brainlens: Command, many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    result = ShortcutsResult(
        (Shortcut("head_outline", 8, None, 0.5, 0.6, None),), "grouped", "0" * 64, SmallRun()
    )

    def answer(data: Any, work: Path, run: SmallRun, **options: Any) -> ShortcutsResult:
        asked.update(options, run=run)
        return result

    monkeypatch.setattr(room, "shortcuts", answer)
    arguments = ("shortcuts", "--data", many, "--out", tmp_path / "out", "--json")
    said = brainlens(*arguments, "--batch-size", 8, "--val-fraction", 0.2, "--precision", "32-true")
    assert json.loads(said.out) == result.to_dict()
    assert asked["run"] == SmallRun(batch_size=8, val_fraction=0.2, precision="32-true")
    assert asked["tests"] == ["whole_images", "shuffled_labels", "head_outline", "file_facts"]
    assert asked["progress"] is False


def test_a_test_that_is_not_there_is_bad_usage(
    brainlens: Command, many: Path, tmp_path: Path
) -> None:
    said = brainlens("shortcuts", "--data", many, "--out", tmp_path / "out", "--test", "luck")
    assert said.status == 2
    assert "--test" in said.error
