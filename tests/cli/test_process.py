"""Exit statuses and streams of the real process."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest


def _brainlens(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "brainlens", *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=300)


def test_statuses_of_a_process(tiny_bundle: Path, tiny_set: Path, tmp_path: Path) -> None:
    done = _brainlens(
        "predict", tiny_set / "alpha", "--bundle", tiny_bundle, "--json", folder=tmp_path
    )
    assert done.returncode == 0
    assert [answer["predicted_class"] for answer in json.loads(done.stdout)] == ["alpha"]
    assert "The model was trained on 0 of these 1 images." in done.stderr

    low = _brainlens(
        "evaluate", tiny_bundle, "--data", tiny_set, "--min-accuracy", "0.99", folder=tmp_path
    )
    assert low.returncode == 1
    assert low.stderr.startswith("Error: The accuracy")

    bad = _brainlens("predict", "nowhere.png", "--bundle", tiny_bundle, folder=tmp_path)
    assert bad.returncode == 2

    gone = _brainlens("probe", tiny_set, "--url", "http://127.0.0.1:9", folder=tmp_path)
    assert gone.returncode == 3
    assert gone.stderr.startswith("Error: ")
    assert len(gone.stderr.splitlines()) == 1


def test_a_service_says_where_it_answers_until_it_is_stopped(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "brainlens", "serve", "--port", "0"]
    command += ["--bundle", f"tiny={tiny_bundle}"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            lines = iter(process.stderr.readline, "")
            ready = next(line for line in lines if line.startswith("BrainLens answers at "))
            url = ready.split()[3]
            state = httpx.get(url, trust_env=False).raise_for_status().json()
            assert [model["name"] for model in state["models"]] == ["tiny"]
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()


@pytest.mark.system
def test_a_training_that_is_interrupted_says_how_to_go_on(tmp_path: Path) -> None:
    phantoms, run = tmp_path / "phantoms", tmp_path / "run"
    made = _brainlens("data", "phantom", phantoms, "--slices", 66, "--size", 32, folder=tmp_path)
    assert made.returncode == 0
    command = [sys.executable, "-m", "brainlens", "train", "--data", str(phantoms)]
    command += ["--out", str(run), "--size", "32", "--epochs", "10000"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            while not (run / "checkpoints" / "last.ckpt").exists():
                assert process.poll() is None
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 130, said
    assert f"Go on with: brainlens train --resume --out {run}" in said
    assert "Traceback" not in said
