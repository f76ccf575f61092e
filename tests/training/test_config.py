from pathlib import Path

import pytest

from brainlens.errors import UsageError
from brainlens.imaging.spec import PreprocessSpec
from brainlens.training.augmentation_spec import AugmentationSpec
from brainlens.training.config import PRESETS, Preset, TrainConfig, preset


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

    reference, scaled, default, guided = (preset(name, Path("data")) for name in PRESETS)
    assert differing(reference, scaled) == {"preset", "preprocess"}
    assert differing(scaled, default) == {"preset", "schedule", "warmup_epochs", "augmentation"}
    assert differing(default, guided) == {
        "preset",
        "network",
        "init",
        "preprocess",
        "epochs",
        "learning_rate",
        "optimizer",
        "weight_decay",
        "sampling",
        "label_smoothing",
        "placed_weight",
        "ema_decay",
        "augmentation",
    }
    assert guided.lesion_weight > 0


@pytest.mark.parametrize("name", ["reference", "scaled", "default"])
def test_presets_from_before_guidance_have_nothing_of_it(name: Preset) -> None:
    config = preset(name, Path("data"))
    assert config.network == "simple_cnn"
    assert (config.init, config.freeze, config.layer_decay) == ("random", 0, 1)
    assert (config.optimizer, config.sampling) == ("adam", "slices")
    assert (config.label_smoothing, config.ema_decay) == (0, 0)
    assert config.augmentation is None or config.augmentation.artefact_chance == 0


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
    with pytest.raises(UsageError, match="reference, scaled, default, guided"):
        preset("best", Path("data"))  # type: ignore[arg-type]  # what a user may type
