"""Runs that learn from outlines, from manifest to bundle."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from brainlens.inference.engine import LESION_MAP, LOGITS, Engine
from brainlens.training.checkpoints import EpochCheckpoints, load_checkpoint
from brainlens.training.config import TrainConfig
from brainlens.training.export import export
from brainlens.training.history import read_history
from brainlens.training.record import read_run
from brainlens.training.run import train

MakeConfig = Callable[..., TrainConfig]


@pytest.fixture(scope="module")
def outlined(tmp_path_factory: pytest.TempPathFactory, make_set: Callable[..., Path]) -> Path:
    """Return a set in which half of the slices have a mask."""
    return make_set(tmp_path_factory.mktemp("outlined"), outlined=2)


@pytest.fixture
def guided(make_config: MakeConfig, outlined: Path, small_backbone: str) -> MakeConfig:
    """Return ``make(**changes)``: a guided network with all that is random or averaged."""

    def make(**changes: Any) -> TrainConfig:
        usual = {
            "data": outlined,
            "network": small_backbone,
            "network_options": {},
            "learning_rate": 1e-2,
            "sampling": "patients",
            "label_smoothing": 0.1,
            "ema_decay": 0.9,
            "precision": "32-true",
        }
        return make_config(**(usual | changes))

    return make


def _state(run: Path, prefix: str) -> dict[str, torch.Tensor]:
    state = load_checkpoint(run, "last")["state_dict"]
    return {key: value for key, value in state.items() if key.startswith(prefix)}


def test_a_guided_network_learns_where_and_what(guided: MakeConfig, tmp_path: Path) -> None:
    config = guided(epochs=25, augmentation=None, label_smoothing=0.0)
    history = read_history(train(config, tmp_path / "run", progress=False) / "history.json")
    first, last = history[0].val_lesion_dice, history[-1].val_lesion_dice
    assert first is not None
    assert last is not None
    # Of 4 x 4 cells: a ring or a small disc cannot be outlined any better.
    assert first < 0.1
    assert last > 0.2
    assert history[-1].val_accuracy > 0.6


def test_an_interrupted_run_ends_with_the_same_bits(
    guided: MakeConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(guided(), tmp_path / "whole", progress=False)
    save = EpochCheckpoints.on_train_epoch_end

    class Killed(Exception):
        pass

    def killing(self: EpochCheckpoints, trainer: Any, module: Any) -> None:
        save(self, trainer, module)
        raise Killed

    killed = tmp_path / "killed"
    with monkeypatch.context() as patch:
        patch.setattr(EpochCheckpoints, "on_train_epoch_end", killing)
        with pytest.raises(Killed):
            train(guided(), killed, progress=False)
    train(guided(), killed, resume=True, progress=False)
    for prefix in ("network.", "average.network."):
        one, other = _state(whole, prefix), _state(killed, prefix)
        assert one.keys() == other.keys()
        assert one
        assert all(torch.equal(value, other[key]) for key, value in one.items())
    assert [r.val_lesion_dice for r in read_history(whole / "history.json")] == [
        r.val_lesion_dice for r in read_history(killed / "history.json")
    ]


def test_what_is_validated_and_exported_is_the_average(guided: MakeConfig, tmp_path: Path) -> None:
    run = train(guided(), tmp_path / "run", progress=False)
    raw, average = _state(run, "network."), _state(run, "average.network.")
    assert len(raw) == len(average)
    name = "network.classifier.weight"
    assert not torch.equal(raw[name], average[f"average.{name}"])
    bundle = export(run, tmp_path / "bundle", name="small", version="1", checkpoint="last")
    from safetensors.torch import load

    shipped = load(bundle.read("weights.safetensors"))
    assert torch.equal(shipped["classifier.weight"], average[f"average.{name}"])
    engine = Engine(bundle, threads=1)
    image = np.random.default_rng(0).normal(size=(3, 1, 32, 32)).astype(np.float32)
    outputs = engine.run(image, (LOGITS, LESION_MAP))
    assert outputs[LESION_MAP].shape == (3, 1, 4, 4)
    assert 0 < outputs[LESION_MAP].min() < outputs[LESION_MAP].max() < 1


def test_without_masks_the_backbone_is_trained_unguided(
    guided: MakeConfig, discs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = guided(data=discs, epochs=1, network_options={"cut": True})
    run = train(config, tmp_path / "run")
    assert "small is trained without outlines" in capsys.readouterr().out
    recorded = read_run(run).config
    assert (recorded.network, recorded.network_options) == ("small", {"stride": 16})
    rows = json.loads((run / "history.json").read_text())
    assert "val_lesion_dice" not in rows[0]
    # Going on asks for the same and meets the same.
    train(config, run, resume=True, progress=False)


def test_a_weight_of_nothing_is_no_guidance(guided: MakeConfig, tmp_path: Path) -> None:
    run = train(guided(lesion_weight=0.0, epochs=1), tmp_path / "run", progress=False)
    assert read_run(run).config.network == "small"


def test_places_by_themselves_teach_the_classifier_and_not_the_map(
    guided: MakeConfig, tmp_path: Path
) -> None:
    # One step: later ones differ in everything.
    alike = {"epochs": 1, "batch_size": 64, "ema_decay": 0.0}
    runs = [
        train(guided(placed_weight=w, **alike), tmp_path / f"run{w}", progress=False)
        for w in (0.0, 0.5)
    ]
    one, other = (_state(run, "network.") for run in runs)
    assert not torch.equal(one["network.classifier.weight"], other["network.classifier.weight"])
    assert torch.equal(one["network.outline.3.weight"], other["network.outline.3.weight"])


def test_outlines_change_nothing_for_a_network_without_a_map(
    make_config: MakeConfig, make_set: Callable[..., Path], tmp_path: Path
) -> None:
    runs = [
        train(
            make_config(data=make_set(tmp_path / f"set{n}", outlined=n), epochs=1),
            tmp_path / f"run{n}",
            progress=False,
        )
        for n in (0, 4)
    ]
    one, other = (_state(run, "network.") for run in runs)
    assert all(torch.equal(value, other[key]) for key, value in one.items())
