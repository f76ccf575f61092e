"""The service in a process of its own, started as a user would start it."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

_PROGRAM = "from brainlens.cli.app import main; main()"


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class ServerProcess:
    """A ``brainlens serve`` process; its log goes to a file."""

    def __init__(self, bundle: Path, log: Path, *, port: int, **settings: Any) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._log = log
        chosen = {f"BRAINLENS_{name.upper()}": str(value) for name, value in settings.items()}
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-c", _PROGRAM, "serve"),
                    *("--bundle", f"tiny={bundle}", "--port", str(port)),
                ],
                env={**os.environ, **chosen, "OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )

    def __enter__(self) -> "ServerProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(60)

    def wait_until_ready(self) -> "ServerProcess":
        """Return when the service answers; a test that waits in vain fails."""
        deadline = time.monotonic() + 120
        while True:
            assert self.process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline
            try:
                httpx.get(self.url + "/livez", trust_env=False)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return self

    def log_lines(self) -> list[dict[str, Any]]:
        """Return the structured lines of the log so far."""
        lines = self._log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]
