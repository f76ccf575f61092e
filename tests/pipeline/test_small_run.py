from pathlib import Path

import pytest

from brainlens.errors import UsageError
from brainlens.pipeline.small_run import SmallRun


def test_the_choices_are_those_of_the_preset_made_small(tmp_path: Path) -> None:
    run = SmallRun(preset="reference", epochs=3, size=48, seed=7, threads=1, precision="32-true")
    config = run.config(tmp_path / "m.csv", tmp_path / "cache", augmentation=None)
    assert (config.preset, config.epochs, config.seed, config.threads) == ("reference", 3, 7, 1)
    assert (config.preprocess.size, config.preprocess.intensity) == (48, "full_range")
    assert config.augmentation is None
    assert (config.data, config.cache_folder) == (tmp_path / "m.csv", tmp_path / "cache")
    assert SmallRun().config(tmp_path, tmp_path).augmentation is not None
    assert run.to_dict()["size"] == 48


def test_a_choice_out_of_range_is_bad_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="epochs"):
        SmallRun(epochs=0).config(tmp_path, tmp_path)
