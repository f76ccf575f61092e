"""A server is started, looked at and ended, with whatever it started itself."""

import os
import socket
import sys
import time
from pathlib import Path

import pytest
from benchmarks.serving.process import HOST, free_port, running

_PROGRAM = """
import subprocess, sys
from http.server import HTTPServer, SimpleHTTPRequestHandler
child = "import time; held = b'x' * 60_000_000; time.sleep(600)"
print(subprocess.Popen([sys.executable, "-c", child]).pid, flush=True)
HTTPServer(("127.0.0.1", int(sys.argv[1])), SimpleHTTPRequestHandler).serve_forever()
"""


def _alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text("utf-8")
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_is_that_of_all_its_processes_which_all_end(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    command = [sys.executable, "-c", _PROGRAM, str(port)]
    with running(command, os.environ, port, "/", log) as server:
        child = int(log.read_text("utf-8").split()[0])
        deadline = time.monotonic() + 60
        while server.memory().now < 60_000_000:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        memory = server.memory()
        assert 60_000_000 < memory.now <= memory.peak < 200_000_000
        assert server.start_s > 0
        assert _alive(child)
    deadline = time.monotonic() + 60
    while _alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((HOST, port), timeout=10)


def test_a_server_that_ends_at_once_is_told_with_what_it_said(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no licence')"]
    with (
        pytest.raises(RuntimeError, match="no licence"),
        running(command, os.environ, free_port(), "/", tmp_path / "log"),
    ):
        pass
