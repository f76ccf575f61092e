"""A server in a process of its own: how long it took to start, how much memory it holds."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"
_START_S: Final = 120
_STOP_S: Final = 30
_POLL_S: Final = 0.01
_KIB: Final = 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of a process and all its children, in bytes.

    Attributes
    ----------
    now
        Now; pages that several of them share are counted once (the sum of PSS).
    peak
        The sum of what each held at most so far (VmHWM); shared pages are counted for each.
    """

    now: int
    peak: int


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers.

    Attributes
    ----------
    port
        Where.
    start_s
        Seconds from the start of its process to the first answer that it is ready.
    """

    port: int
    start_s: float
    _pid: int

    def memory(self) -> Memory:
        """Return what it holds, children included."""
        pids = list(_tree(self._pid))
        return Memory(
            now=sum(_kib(pid, "smaps_rollup", "Pss:") for pid in pids) * _KIB,
            peak=sum(_kib(pid, "status", "VmHWM:") for pid in pids) * _KIB,
        )


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], port: int, ready: str, log: Path
) -> Iterator[Running]:
    """Run a server while the block lasts.

    Parameters
    ----------
    command, environment
        What to run, and how.
    port
        Where it will listen.
    ready
        The path that answers with status 200 when it is ready.
    log
        File for what it says.
    """
    with log.open("wb") as output:
        start = time.perf_counter()
        # In a session of its own: Ctrl+C is for the benchmark, which then ends it.
        process = subprocess.Popen(
            command,
            env=dict(environment),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        while not _answers(port, ready):
            if process.poll() is not None or time.perf_counter() - start > _START_S:
                said = log.read_text("utf-8", errors="replace")[-2000:]
                raise RuntimeError(f"The server did not start: {' '.join(command)}\n{said}")
            time.sleep(_POLL_S)
        yield Running(port, time.perf_counter() - start, process.pid)
    finally:
        _stop(process)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=_STOP_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    # Children that outlive their parent would take part in what is measured next.
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text("ascii").split():
            yield from _tree(int(child))


def _kib(pid: int, file: str, name: str) -> int:
    for line in Path(f"/proc/{pid}/{file}").read_text("utf-8").splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise RuntimeError(f"/proc/{pid}/{file} does not tell {name}")
