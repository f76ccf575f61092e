"""The servers that are measured, each at its best for this machine."""

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from benchmarks.serving.forms import CONTENT_TYPE, form
from benchmarks.serving.process import HOST, Running, free_port, running

SERVICE: Final = "brainlens serve"
EAGER: Final = "FastAPI + eager PyTorch"
ONNX: Final = "FastAPI + ONNX Runtime"
LITSERVE: Final = "LitServe"
_APPS: Final = Path(__file__).parent
#: Never reached: one caller alone asks here for what many would.
_RATE: Final = 10_000_000
_PLACES: Final = 64
_ANSWER_S: Final = 60


@dataclass(frozen=True, slots=True)
class Contender:
    """A way to serve the bundle.

    Attributes
    ----------
    name
        What tables call it.
    command
        What runs it; ``{port}`` stands for the port.
    ready
        Path that answers with status 200 when it is ready.
    threads
        Its processes and threads, in words.
    variables
        Added to the environment; ``{port}`` stands for the port there too.
    headers
        Sent with each request.
    """

    name: str
    command: Sequence[str]
    ready: str
    threads: str
    variables: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)

    def start(self, log: Path) -> AbstractContextManager[Running]:
        """Run it in a process of its own."""
        port = free_port()
        command = [part.format(port=port) for part in self.command]
        # Settings that happen to be in the environment are no part of the measurement.
        plain = {name: v for name, v in os.environ.items() if not name.startswith("BRAINLENS_")}
        added = {name: value.format(port=port) for name, value in self.variables.items()}
        return running(command, plain | added, port, self.ready, log)

    def probabilities(self, port: int, image: bytes) -> dict[str, float]:
        """Return class id → probability for an image, from where it runs."""
        connection = HTTPConnection(HOST, port, timeout=_ANSWER_S)
        headers = {"Content-Type": CONTENT_TYPE, **self.headers}
        try:
            connection.request("POST", "/predict", form(image), headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise RuntimeError(f"{self.name} answered {response.status}: {content[:500]!r}")
        found: dict[str, float] = json.loads(content)["probabilities"]
        return found


def service(bundle: Path, cores: int, kept: Path) -> Contender:
    """Return ``brainlens serve`` with all of it on: a key, limits, records, metrics."""
    program = str(Path(sysconfig.get_path("scripts")) / "brainlens")
    make_key = [program, "keys", "create", "benchmark", "--scope", "predict", "--json"]
    made = subprocess.run(
        [*make_key, "--data-dir", str(kept)], check=True, capture_output=True, text=True
    )
    return Contender(
        SERVICE,
        [program, "serve", "--bundle", f"benchmark={bundle}", "--port", "{port}"],
        "/readyz",
        f"1 process, {cores} workers of 1 engine thread, {_PLACES} places to wait",
        {
            "BRAINLENS_DATA_DIR": str(kept),
            "BRAINLENS_WORKERS": str(cores),
            "BRAINLENS_RATE_LIMIT": str(_RATE),
            "BRAINLENS_RATE_BURST": str(_RATE // 10),
            "BRAINLENS_QUEUE_LENGTH": str(_PLACES),
        },
        {"X-API-Key": json.loads(made.stdout)["key"]},
    )


def eager(bundle: Path, cores: int) -> Contender:
    """Return the application on eager PyTorch."""
    threads = f"1 process, {cores} threads of PyTorch, FastAPI's own 40 threads"
    return _app(EAGER, "eager_app", bundle, cores, threads)


def onnx(bundle: Path) -> Contender:
    """Return the application on ONNX Runtime."""
    # Requests run side by side: more threads in each would only wait for each other.
    return _app(
        ONNX,
        "onnx_app",
        bundle,
        1,
        "1 process, 1 engine thread a request, FastAPI's own 40 threads",
    )


def litserve(bundle: Path, cores: int, environment: Path) -> Contender | None:
    """Return LitServe, or None where its virtual environment is not there."""
    python = environment / "bin" / "python"
    if not python.exists():
        return None
    return Contender(
        LITSERVE,
        [str(python), str(_APPS / "litserve_app.py")],
        "/health",
        f"{cores} workers (processes) of 1 engine thread, {cores} API servers",
        {
            "APP_BUNDLE": str(bundle.resolve()),
            "APP_PORT": "{port}",
            "APP_THREADS": "1",
            "APP_WORKERS": str(cores),
        },
    )


def _app(name: str, module: str, bundle: Path, threads: int, said: str) -> Contender:
    return Contender(
        name,
        [
            *(sys.executable, "-m", "uvicorn", f"{module}:app", "--app-dir", str(_APPS)),
            *("--host", HOST, "--port", "{port}", "--no-access-log"),
        ],
        "/ready",
        said,
        {"APP_BUNDLE": str(bundle.resolve()), "APP_THREADS": str(threads)},
    )
