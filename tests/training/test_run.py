import json
import math
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from brainlens.datasets.manifest import Manifest
from brainlens.errors import DataError, DivergedTraining, LeakySplit, RunError, UsageError
from brainlens.training.checkpoints import EpochCheckpoints, load_checkpoint
from brainlens.training.config import TrainConfig
from brainlens.training.history import best_record, read_history
from brainlens.training.record import read_run
from brainlens.training.run import train

MakeConfig = Callable[..., TrainConfig]


class Killed(Exception):
    """Stands for a kill at a known place."""


def same_weights(one: Path, other: Path, which: str) -> bool:
    """Whether two runs' checkpoints hold the same bits: weights, optimiser, schedule, figures."""
    first, second = load_checkpoint(one, which), load_checkpoint(other, which)
    for checkpoint in (first, second):
        for row in checkpoint["history"]:
            del row["seconds"]
    keys = ("state_dict", "optimizer_states", "lr_schedulers", "history")
    return all(_same(first[key], second[key]) for key in keys)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other) and one.dtype == other.dtype
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _kill_at(monkeypatch: pytest.MonkeyPatch, epoch: int, *, saved: bool) -> None:
    save = EpochCheckpoints.on_train_epoch_end

    def hook(self: EpochCheckpoints, trainer: Any, module: Any) -> None:
        if len(module.history) == epoch and not saved:
            raise Killed
        save(self, trainer, module)
        if len(module.history) == epoch:
            raise Killed

    monkeypatch.setattr(EpochCheckpoints, "on_train_epoch_end", hook)


def test_the_run_folder_holds_all_that_is_promised(finished_run: Path) -> None:
    files = {str(p.relative_to(finished_run).as_posix()) for p in finished_run.rglob("*.*")}
    assert files == {
        "config.json",
        "manifest.csv",
        "dataset.json",
        "history.json",
        "curves.png",
        "checkpoints/best.ckpt",
        "checkpoints/last.ckpt",
    }
    rows = json.loads((finished_run / "history.json").read_text())
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert list(rows[0]) == [
        "epoch",
        "train_loss",
        "train_accuracy",
        "val_loss",
        "val_accuracy",
        "val_confident_correct",
        "learning_rate",
        "seconds",
        "split_check",
    ]
    with Image.open(finished_run / "curves.png") as picture:
        assert picture.size == (1200, 480)


def test_validation_is_cut_by_whole_patients(finished_run: Path) -> None:
    manifest = Manifest.load(finished_run / "manifest.csv")
    sides = {
        split: {row.patient for row in manifest.select(split=split).rows}
        for split in ("train", "val", "test")
    }
    assert all(sides.values())
    assert not sides["train"] & sides["val"]
    record = read_run(finished_run)
    assert record.data.split_check == "clean"
    assert record.data.n_train == len(manifest.select(split="train"))
    assert [c.id for c in record.data.classes] == ["small", "large", "ring"]


def test_best_is_the_epoch_that_the_history_says(finished_run: Path) -> None:
    history = read_history(finished_run / "history.json")
    best = best_record(history, "val_accuracy")
    assert best is not None
    assert len(load_checkpoint(finished_run, "best")["history"]) == best.epoch
    assert len(load_checkpoint(finished_run, "last")["history"]) == 3


def test_the_history_holds_true_figures(finished_run: Path, make_config: MakeConfig) -> None:
    from brainlens.datasets.cache import Cache
    from brainlens.imaging.preprocess import standardise
    from brainlens.networks import create_network

    record = read_run(finished_run)
    checkpoint = load_checkpoint(finished_run, "last")
    network = create_network(record.config.network, 3, **record.config.network_options).eval()
    state = checkpoint["state_dict"].items()
    network.load_state_dict({key.removeprefix("network."): value for key, value in state})
    val = Manifest.load(finished_run / "manifest.csv").select(split="val")
    assert record.config.cache_folder is not None
    cache = Cache.build(val, record.config.preprocess, record.config.cache_folder)
    images = np.stack([cache.images[cache.index(row)] for row in val.rows])
    labels = torch.tensor([("small", "large", "ring").index(row.label) for row in val.rows])
    with torch.no_grad():
        inputs = torch.from_numpy(standardise(images, record.config.preprocess))[:, None]
        logits = network(inputs).logits
    last = read_history(finished_run / "history.json")[-1]
    # The run may have computed in bf16.
    loss = torch.nn.functional.cross_entropy(logits, labels).item()
    assert last.val_loss == pytest.approx(loss, abs=0.02)
    accuracy = (logits.argmax(1) == labels).double().mean().item()
    assert last.val_accuracy == pytest.approx(accuracy, abs=0.1)


def test_a_network_learns(
    make_set: Callable[..., Path], make_config: MakeConfig, tmp_path: Path
) -> None:
    data = make_set(tmp_path / "many", patients=12)
    config = make_config(
        data=data, epochs=20, learning_rate=1e-2, augmentation=None, precision="32-true"
    )
    history = read_history(train(config, tmp_path / "run", progress=False) / "history.json")
    assert history[-1].val_accuracy > 0.8
    assert history[-1].train_loss < 0.5 * history[0].train_loss
    assert history[-1].val_confident_correct > 0.5


@pytest.mark.parametrize("preset", ["reference", "default"])
def test_a_killed_run_ends_with_the_same_bits(
    preset: str, make_config: MakeConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(preset=preset)
    if preset == "reference":
        config = config.model_copy(update={"preprocess": make_config().preprocess})
    whole = train(config, tmp_path / "whole", progress=False)
    killed = tmp_path / "killed"
    for epoch, saved in [(1, False), (1, True), (2, False), (2, True)]:
        with monkeypatch.context() as patch:
            _kill_at(patch, epoch, saved=saved)
            with pytest.raises(Killed):
                train(config, killed, resume=True, progress=False)
    train(config, killed, resume=True, progress=False)
    assert same_weights(whole, killed, "last")
    assert same_weights(whole, killed, "best")


def test_another_seed_gives_other_weights(
    finished_run: Path, make_config: MakeConfig, tmp_path: Path
) -> None:
    again = train(make_config(), tmp_path / "same", progress=False)
    assert same_weights(finished_run, again, "last")
    other = train(make_config(seed=1), tmp_path / "other", progress=False)
    assert not same_weights(finished_run, other, "last")


def test_resuming_a_finished_run_changes_nothing_and_says_so(
    finished_run: Path,
    make_config: MakeConfig,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished_run, run)
    (run / "history.json").unlink()
    (run / "curves.png").unlink()
    before = (run / "checkpoints/last.ckpt").read_bytes()
    train(make_config(), run, resume=True)
    assert "all 3 epochs are done" in " ".join(capsys.readouterr().out.split())
    assert (run / "checkpoints/last.ckpt").read_bytes() == before
    # What a kill after the last epoch can have left out is made again.
    assert read_history(run / "history.json") == read_history(finished_run / "history.json")
    assert (run / "curves.png").is_file()


def test_resume_refuses_another_configuration(
    finished_run: Path, make_config: MakeConfig, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished_run, run)
    with pytest.raises(RunError, match=r"learning_rate is 0\.1, was 0\.0005"):
        train(make_config(learning_rate=0.1), run, resume=True, progress=False)
    # What does not change the weights may differ, and is recorded.
    train(make_config(loggers=("csv",)), run, resume=True, progress=False)
    assert read_run(run).config.loggers == ("csv",)


def test_a_folder_with_something_in_it_is_refused(
    finished_run: Path, make_config: MakeConfig, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="--resume"):
        train(make_config(), finished_run, progress=False)
    (tmp_path / "thesis.docx").write_text("mine")
    with pytest.raises(RunError, match="not empty"):
        train(make_config(), tmp_path, resume=True, progress=False)


def test_what_an_early_kill_left_is_written_again(
    finished_run: Path, make_config: MakeConfig, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "manifest.csv").write_text("path,lab")
    (run / ".config.json.x.tmp").write_text("{")
    train(make_config(), run, resume=True, progress=False)
    assert same_weights(finished_run, run, "last")


def test_a_leaky_split_stops_with_the_two_commands_that_go_on(
    make_set: Callable[..., Path], make_config: MakeConfig, tmp_path: Path
) -> None:
    data = make_set(tmp_path / "leaky", copy=True)
    with pytest.raises(LeakySplit) as caught:
        train(make_config(data=data), tmp_path / "run", progress=False)
    assert f"brainlens data split {data} --out" in caught.value.hint
    assert "--allow-leaky-split" in caught.value.hint
    assert not (tmp_path / "run").exists()
    config = make_config(data=data, allow_leaky_split=True, epochs=1)
    run = train(config, tmp_path / "run", progress=False)
    assert read_run(run).data.split_check == "leaky"
    rows = json.loads((run / "history.json").read_text())
    assert [row["split_check"] for row in rows] == ["leaky"]


def test_unusable_choices_are_refused_before_anything_is_written(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with pytest.raises(UsageError, match="simple_cnn"):
        train(make_config(network="resnet"), run, progress=False)
    with pytest.raises(UsageError, match="depth"):
        train(make_config(network_options={"depth": 3}), run, progress=False)
    with pytest.raises(DataError):
        train(make_config(data=tmp_path / "missing"), run, progress=False)
    assert not run.exists()


def test_a_diverging_run_says_what_to_do(make_config: MakeConfig, tmp_path: Path) -> None:
    config = make_config(learning_rate=1e30, schedule="constant", precision="32-true")
    with pytest.raises(DivergedTraining, match="smaller learning rate"):
        train(config, tmp_path / "run", progress=False)


def test_a_person_sees_one_short_line_an_epoch(
    make_config: MakeConfig, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    train(make_config(epochs=2), tmp_path / "run")
    captured = capfd.readouterr()
    lines = [line for line in captured.out.splitlines() if line.startswith("epoch ")]
    assert len(lines) == 2
    assert "val loss" in lines[1]
    assert captured.err == ""
    for word in ("litlogger", "Tip", "GPU", "WARN", "v_num"):
        assert word not in captured.out


def test_a_silent_run_prints_nothing_and_leaves_torch_as_it_was(
    make_config: MakeConfig, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    with warnings.catch_warnings():
        filters = list(warnings.filters)
        train(make_config(epochs=1), tmp_path / "run", progress=False)
        assert warnings.filters == filters
    assert capfd.readouterr() == ("", "")
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_loggers_are_lightnings(make_config: MakeConfig, tmp_path: Path) -> None:
    run = train(make_config(epochs=1, loggers=("csv",)), tmp_path / "run", progress=False)
    text = (run / "logs" / "csv" / "metrics.csv").read_text()
    record = read_history(run / "history.json")[0]
    header, row = text.splitlines()
    values = dict(zip(header.split(","), row.split(","), strict=True))
    assert math.isclose(float(values["val_loss"]), record.val_loss, rel_tol=1e-5)
