"""The two commands of the README on a fresh clone, and those beside them without make."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ..server_process import free_port

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
LARGEST = 400 * 1000 * 1000


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a fresh clone of what is committed."""
    folder = tmp_path_factory.mktemp("clone") / "brainlens"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, folder], check=True)
    return folder


@contextmanager
def _service(command: list[str], folder: Path) -> Iterator[str]:
    """Run a command that serves; gives the URL once it answers."""
    port = free_port()
    environment = os.environ | {"BRAINLENS_PORT": str(port), "PYTHON": sys.executable}
    url = f"http://127.0.0.1:{port}/"
    with subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True) as process:
        try:
            for _ in range(3000):
                assert process.poll() is None
                try:
                    httpx.get(url, trust_env=False).raise_for_status()
                    break
                except httpx.TransportError:
                    time.sleep(0.2)
            else:
                pytest.fail("the service did not answer")
            yield url
        finally:
            # make does not hand the signal on: the whole group gets it.
            os.killpg(process.pid, signal.SIGTERM)


def _make(clone: Path, *arguments: str) -> str:
    command = ["make", f"PYTHON={sys.executable}", *arguments]
    result = subprocess.run(command, cwd=clone, check=True, capture_output=True, text=True)
    return result.stdout


def test_make_serve_sets_up_and_answers(clone: Path) -> None:
    with _service(["make", "serve"], clone) as url:
        state = httpx.get(url, trust_env=False).json()
    assert {model["name"] for model in state["models"]} >= {"default", "demo"}


def test_its_environment_is_small_and_without_torch(clone: Path) -> None:
    _make(clone, "venv")
    files = [path for path in (clone / ".venv").rglob("*") if path.is_file()]
    assert sum(path.lstat().st_size for path in files) <= LARGEST
    names = {path.name for path in (clone / ".venv").glob("lib/python*/site-packages/*")}
    assert "onnxruntime" in names
    assert not names & {"torch", "lightning", "sklearn", "scipy", "matplotlib", "pandas"}


def test_what_is_set_up_is_not_set_up_again(clone: Path) -> None:
    _make(clone, "venv")
    assert "pip" not in _make(clone, "venv")


def test_without_make(clone: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    subprocess.run([environment / "bin" / "pip", "install", "--quiet", "."], cwd=clone, check=True)
    with _service([str(environment / "bin" / "brainlens"), "serve"], tmp_path) as url:
        assert httpx.get(url, trust_env=False).is_success
