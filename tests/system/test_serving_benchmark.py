"""The benchmark of the service runs, and tells what it has when it is stopped."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from benchmarks.serving.aims import CLIENTS
from benchmarks.serving.contenders import EAGER, ONNX, SERVICE

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]


def _command(out: Path, *options: str) -> list[str]:
    program = [sys.executable, "-W", "error", "-m", "benchmarks.serving", "--n-images", "3"]
    return [*program, "--out", str(out), "--litserve", str(out.parent / "none"), *options]


def test_it_measures_all_contenders(plain_environment: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    done = subprocess.run(
        _command(out, "--rounds", "1", "--seconds", "1"),
        cwd=ROOT,
        env=plain_environment,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    assert "LitServe is left out" in done.stderr
    figures = json.loads(out.read_text("utf-8"))
    measured = {(r["contender"], r["clients"]) for r in figures["loads"]}
    assert measured >= {
        ("bare", 1),
        *((name, n) for name in (SERVICE, ONNX, EAGER) for n in CLIENTS),
    }
    for result in figures["loads"]:
        # Not one refused: limits and places are above what is asked.
        assert result["not_ok"] == result["broken"] == 0
        assert result["n_answers"] > 0
        assert 0 < result["median_ms"] <= result["p99_ms"]
    for process in figures["processes"]:
        assert process["start_s"] > 0
        assert 10 < process["memory_after_load_mb"] <= process["memory_peak_mb"]
        assert "thread" in process["threads"]
    assert {a["wanted"] for a in figures["aims"]} >= {"at most 300 MB", "at 64 clients, no timeout"}
    assert f"| {SERVICE} | 64 |" in done.stdout


def test_stopped_it_tells_what_it_has_and_leaves_nothing_running(
    plain_environment: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "figures.json"
    process = subprocess.Popen(
        _command(out, "--seconds", "1"),
        cwd=ROOT,
        env={**plain_environment, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(f"{SERVICE}, 4 "):
            break
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    figures = json.loads(out.read_text("utf-8"))
    assert "interrupted" in figures["rounds"]
    assert {(r["contender"], r["clients"]) for r in figures["loads"]} >= {
        (SERVICE, 1),
        (SERVICE, 4),
    }
    assert f"| {SERVICE} | 4 |" in said
    # Only its servers were told of its temporary folder.
    assert not any(str(tmp_path).encode() in told for told in _environments())


def _environments() -> Iterator[bytes]:
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            # Others' are not to be read, and processes come and go.
            with suppress(OSError):
                yield (process / "environ").read_bytes()
