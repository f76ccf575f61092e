"""Setting up on a fresh machine: ``make serve`` in a clean clone, and pip without make."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from PIL import Image

from brainlens.datasets.phantom.generator import PhantomSet

from ..server_process import free_port

pytestmark = pytest.mark.system

SET_UP_SECONDS = 900
MOST_BYTES = 400 * 10**6
UNWANTED = ("torch", "lightning", "sklearn", "scipy", "matplotlib", "pandas", "onnx")
READY = re.compile(r"answers at (http://[\d.]+:\d+)")


def phantom_png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PhantomSet(seed=5).slice(0).image).save(buffer, "PNG")
    return buffer.getvalue()


def program(environment: Path, name: str) -> str:
    return str(environment / "bin" / name)


@contextmanager
def started(command: list[str], cwd: Path, variables: dict[str, str], log: Path) -> Iterator[str]:
    """Run a service, with whatever it starts itself, while the block runs; gives its URL."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=cwd, env=variables, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield await_url(process, log)
    finally:
        # The group: make itself would leave the service running.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def await_url(process: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + SET_UP_SECONDS
    while time.monotonic() < end:
        said = log.read_text("utf-8", errors="replace")
        if match := READY.search(said):
            return match[1]
        assert process.poll() is None, said
        time.sleep(0.2)
    pytest.fail(f"no service after {SET_UP_SECONDS} s: {log.read_text('utf-8', errors='replace')}")


def check_answers(url: str) -> None:
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        state = client.get("/").raise_for_status().json()
        assert state["status"] == "ok"
        assert {model["name"] for model in state["models"]} == {"default", "demo", "simple-cnn"}
        for model in ("default", "demo", "simple-cnn"):
            response = client.post(
                "/predict", params={"model": model}, files={"file": phantom_png()}
            )
            answer = response.raise_for_status().json()
            assert answer["model"]["name"] == model
            if answer["status"] != "rejected":
                assert sum(answer["probabilities"].values()) == pytest.approx(1)
            # The slice is a drawn one: what was trained on patients may not want to speak of it.
            assert model != "demo" or answer["status"] in ("answered", "abstained")


def show(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Say a figure that people want to read though the test passes."""
    with capsys.disabled():
        sys.stdout.write(f"\n{line}\n")


def measure_environment(folder: Path, variables: dict[str, str]) -> int:
    """Return the bytes of its files, having looked that nothing is there which does not serve."""
    python = program(folder, "python")
    code = f"import importlib.util as u; print([n for n in {UNWANTED} if u.find_spec(n)])"
    found = subprocess.run([python, "-c", code], capture_output=True, text=True, env=variables)
    assert found.stdout.strip() == "[]", found.stdout + found.stderr
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return sum(path.stat().st_size for path in files)


def test_make_serve_answers_from_a_clean_clone(
    clone: Path,
    plain_environment: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    port = free_port()
    command = ["make", "serve", f"PYTHON={sys.executable}"]
    variables = plain_environment | {"BRAINLENS_PORT": str(port)}
    start = time.monotonic()
    with started(command, clone, variables, tmp_path / "log") as url:
        show(f"make serve answers after {time.monotonic() - start:.0f} s", capsys)
        assert url == f"http://127.0.0.1:{port}"
        check_answers(url)
    n_bytes = measure_environment(clone / ".venv", plain_environment)
    show(f"the environment of the service takes {n_bytes / 1e6:.0f} MB", capsys)
    assert n_bytes <= MOST_BYTES
    again = subprocess.run(
        ["make", "--question", "venv", f"PYTHON={sys.executable}"], cwd=clone, env=variables
    )
    assert again.returncode == 0, "a second make serve would install everything again"
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True
    )
    assert status.stdout == "", "make serve leaves files that git does not ignore"


def test_pip_install_serves_without_make(
    clone: Path, plain_environment: dict[str, str], tmp_path: Path
) -> None:
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    pip = [program(environment, "python"), "-m", "pip", "install", "--quiet", str(clone)]
    subprocess.run(pip, check=True, env=plain_environment)
    # From an empty folder: whatever it needs is in the package.
    empty = tmp_path / "empty"
    empty.mkdir()
    command = [program(environment, "brainlens"), "serve", "--port", "0"]
    with started(command, empty, plain_environment, tmp_path / "log") as url:
        check_answers(url)
