from pathlib import Path

import pytest

from brainlens.errors import UsageError
from brainlens.imaging.spec import PreprocessSpec
from brainlens.training.augmentation_spec import AugmentationSpec
from brainlens.training.config import PRESETS, TrainConfig, preset


def test_reference_is_the_reference_protocol_and_nothing_else() -> None:
    config = preset("reference", Path("data"))
    assert (config.epochs, config.learning_rate, config.batch_size) == (30, 5e-4, 32)
    assert config.preprocess == PreprocessSpec(intensity="full_range", size=128)
    assert (config.preprocess.mean, config.preprocess.std) == (0.0, 1.0)
    assert config.schedule == "constant"
    assert config.augmentation is None
    assert config.weight_decay == 0


def test_each_preset_adds_to_the_one_before() -> None:
    def differing(a: TrainConfig, b: TrainConfig) -> set[str]:
        first, second = a.model_dump(), b.model_dump()
        return {key for key in first if first[key] != second[key]}

    reference, scaled, default = (preset(name, Path("data")) for name in PRESETS)
    assert differing(reference, scaled) == {"preset", "preprocess"}
    assert differing(scaled, default) == {"preset", "schedule", "warmup_epochs", "augmentation"}


@pytest.mark.parametrize("name", list(PRESETS))
def test_json_round_trip(name: str) -> None:
    config = preset(name, Path("data"), loggers=("csv",), network_options={"channels": [1] * 5})  # type: ignore[arg-type]  # the names are those of PRESETS
    assert TrainConfig.model_validate_json(config.model_dump_json()) == config


def test_changes_win_over_the_preset() -> None:
    config = preset("reference", Path("data"), epochs=3, augmentation=AugmentationSpec(flip=0))
    assert config.epochs == 3
    assert config.augmentation == AugmentationSpec(flip=0)


@pytest.mark.parametrize("changes", [{"epochs": 0}, {"no_such_option": 1}, {"precision": "fp8"}])
def test_bad_options_are_named(changes: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=next(iter(changes))):
        preset("default", Path("data"), **changes)


def test_an_unknown_preset_lists_those_that_exist() -> None:
    with pytest.raises(UsageError, match="reference, scaled, default"):
        preset("best", Path("data"))  # type: ignore[arg-type]  # what a user may type
