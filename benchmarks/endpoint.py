"""A ``/predict`` over HTTP on loopback, in a process of its own."""

import http.client
import json
import os
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.contender import Ask

HOST: Final = "127.0.0.1"
START_SECONDS: Final = 120
STOP_SECONDS: Final = 30
REQUEST_SECONDS: Final = 60
_BOUNDARY: Final = "benchmark-boundary"


class Endpoint:
    """A running service that takes images as the form field ``file``.

    Parameters
    ----------
    name
        What tables call it.
    port
        Where it listens.
    images
        Contents of image files.
    """

    def __init__(self, name: str, port: int, images: Sequence[bytes]) -> None:
        self.name = name
        self._port = port
        # Built once: the time to put a form together is no part of any service.
        self._bodies = [_form(image) for image in images]

    @contextmanager
    def connect(self) -> Iterator[Ask]:
        """Open one keep-alive connection."""
        connection = http.client.HTTPConnection(HOST, self._port, timeout=REQUEST_SECONDS)
        connection.connect()
        try:
            yield lambda index: self._post(connection, index)
        finally:
            connection.close()

    def probabilities(self, index: int) -> dict[str, float]:
        """Return class id → probability for the image of that number."""
        with self.connect() as ask:
            answer = ask(index)
        assert isinstance(answer, bytes)  # noqa: S101 - `_post` returns bytes
        found: dict[str, float] = json.loads(answer)["probabilities"]
        return found

    def _post(self, connection: http.client.HTTPConnection, index: int) -> bytes:
        connection.request(
            "POST",
            "/predict",
            self._bodies[index],
            {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"},
        )
        response = connection.getresponse()
        content = response.read()
        if response.status != http.HTTPStatus.OK:
            raise RuntimeError(f"{self.name} answered {response.status}: {content[:500]!r}")
        return content


@contextmanager
def brainlens_serve(bundle: Path, images: Sequence[bytes], log: Path) -> Iterator[Endpoint]:
    """Run ``brainlens serve`` with one bundle and default settings."""
    port = _free_port()
    program = Path(sysconfig.get_path("scripts")) / "brainlens"
    command = [str(program), "serve", "--bundle", f"benchmark={bundle}", "--port", str(port)]
    # Settings that happen to be in the environment are no part of the measurement.
    plain = {name: v for name, v in os.environ.items() if not name.startswith("BRAINLENS_")}
    # Counted all the same, never reached: a benchmark asks faster than any one caller may.
    plain["BRAINLENS_RATE_LIMIT"] = "10000000"
    plain["BRAINLENS_DATA_DIR"] = str(log.with_suffix(".kept"))
    with _running(command, plain, port, log):
        yield Endpoint("brainlens serve", port, images)


@contextmanager
def eager_app(bundle: Path, images: Sequence[bytes], threads: int, log: Path) -> Iterator[Endpoint]:
    """Run ``eager_app.py`` under uvicorn."""
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", "eager_app:app", "--no-access-log"]
    command += ["--app-dir", str(Path(__file__).parent), "--host", HOST, "--port", str(port)]
    given = {"EAGER_BUNDLE": str(bundle.resolve()), "EAGER_THREADS": str(threads)}
    with _running(command, os.environ | given, port, log):
        yield Endpoint("FastAPI + eager PyTorch", port, images)


def _form(image: bytes) -> bytes:
    head = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="slice"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return head.encode() + image + f"\r\n--{_BOUNDARY}--\r\n".encode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(
    command: Sequence[str], environment: Mapping[str, str], port: int, log: Path
) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=dict(environment), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _await_start(process, port, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_start(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection((HOST, port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    said = log.read_text("utf-8", errors="replace")[-2000:]
    raise RuntimeError(f"The service did not start.\n{said}")
