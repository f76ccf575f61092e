"""Training as real processes: killed at any moment, or several at once."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from brainlens.training.checkpoints import load_checkpoint
from brainlens.training.config import TrainConfig
from brainlens.training.history import read_history
from brainlens.training.run import train

pytestmark = pytest.mark.system

PROGRAM = """
import sys
from pathlib import Path
from brainlens.training.config import TrainConfig
from brainlens.training.run import train

config = TrainConfig.model_validate_json(Path(sys.argv[1]).read_text())
train(config, Path(sys.argv[2]), resume=True, progress=False)
"""
EPOCHS = 24


def _start(program: Path, config: Path, run: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-W", "error", program, config, run])


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "train_it.py"
    path.write_text(PROGRAM)
    return path


def _epochs(run: Path) -> int:
    history = run / "history.json"
    return len(read_history(history)) if history.exists() else 0


def _kill_after(process: subprocess.Popen[bytes], run: Path, epochs: int, delay: float) -> bool:
    """Kill once the run has so many epochs and a little more; say whether it still ran."""
    while process.poll() is None and _epochs(run) < epochs:
        time.sleep(0.01)
    time.sleep(delay)
    process.kill()
    return process.wait() != 0


def test_killed_at_any_moment_it_ends_with_the_same_bits(
    make_config: Callable[..., TrainConfig], program: Path, tmp_path: Path
) -> None:
    config = make_config(epochs=EPOCHS)
    path = tmp_path / "config.json"
    path.write_text(config.model_dump_json())
    whole = train(config, tmp_path / "whole", progress=False)
    killed = tmp_path / "killed"
    chance = random.Random(7)  # noqa: S311 - moments to kill at, no secrets
    kills = 0
    # Before anything is there, while it starts, and then somewhere in an epoch or a save.
    for epochs in (0, 0, 1, 4, 8, 12, 16):
        delay = chance.uniform(0, 4 if epochs == 0 else 0.3)
        kills += _kill_after(_start(program, path, killed), killed, epochs, delay)
    assert kills >= 4
    assert _start(program, path, killed).wait() == 0
    for which in ("last", "best"):
        weights = [load_checkpoint(run, which)["state_dict"] for run in (whole, killed)]
        content = [{k: v.numpy().tobytes() for k, v in state.items()} for state in weights]
        assert content[0] == content[1]
    figures = [
        [record.model_dump(exclude={"seconds"}) for record in read_history(run / "history.json")]
        for run in (whole, killed)
    ]
    assert figures[0] == figures[1]
    assert len(figures[0]) == EPOCHS


def test_two_processes_train_one_network(
    make_config: Callable[..., TrainConfig], program: Path, tmp_path: Path
) -> None:
    config = make_config(epochs=2, devices=2, batch_size=4, precision="32-true")
    path = tmp_path / "config.json"
    path.write_text(config.model_dump_json())
    run = tmp_path / "run"
    assert _start(program, path, run).wait() == 0
    history = read_history(run / "history.json")
    assert [record.epoch for record in history] == [1, 2]
    n_val = 12
    # Figures are over all validation slices, not over one process's.
    for record in history:
        assert (record.val_accuracy * n_val) % 1 == pytest.approx(0, abs=1e-6)
    # And the run is finished for whoever comes next, with one process or two.
    assert _start(program, path, run).wait() == 0
