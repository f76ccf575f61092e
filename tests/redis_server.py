"""A real Redis of Debian's package, for tests: its own folder, its own socket, no port."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis


class RedisServer:
    """A server that can be stopped, frozen and started again; it keeps nothing on the disk."""

    def __init__(self, folder: Path, program: str) -> None:
        self._socket = folder / "socket"
        self._command = [
            *(program, "--port", "0", "--unixsocket", str(self._socket)),
            *("--save", "", "--appendonly", "no", "--dir", str(folder)),
        ]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def start(self) -> None:
        """Start and wait until it answers."""
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while True:
            assert self.process.poll() is None
            assert time.monotonic() < deadline
            try:
                with redis.Redis.from_url(self.url) as client:
                    client.ping()
            except redis.RedisError:
                time.sleep(0.01)
            else:
                return

    def names(self) -> list[str]:
        """Return the names of what it keeps."""
        with redis.Redis.from_url(self.url, decode_responses=True) as client:
            return sorted(client.scan_iter())

    def stop(self) -> None:
        """Kill it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(60)
            self.process = None


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Run a server until the block ends."""
    program = shutil.which("redis-server")
    assert program is not None
    # Not under pytest's folder: paths of sockets must be short.
    folder = Path(tempfile.mkdtemp(prefix="brainlens-redis-"))
    server = RedisServer(folder, program)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)
