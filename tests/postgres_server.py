"""A real PostgreSQL of Debian's packages, for tests: its own folder, its own socket, no port."""

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# It refuses to run as root; Debian's package makes this user.
_USER = "postgres"


def binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL installed, or None."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3])
    )
    return found[-1].parent if found else None


class PostgresServer:
    """A running server whose superuser needs no password."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder = folder
        self._programs = programs
        self._data = folder / "data"

    def _run(self, program: str, *options: str) -> None:
        subprocess.run(
            [str(self._programs / program), *options],
            user=_USER if os.geteuid() == 0 else None,
            cwd=self._folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def make(self) -> None:
        """Make the files of an empty server."""
        options = ("--auth=trust", f"--username={_USER}", "--encoding=UTF8", "--no-locale")
        self._run("initdb", "--pgdata", str(self._data), "--no-sync", *options)

    def start(self) -> None:
        """Start and wait until it answers."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self._folder} -c fsync=off"
        log = str(self._folder / "log")
        self._run("pg_ctl", "start", "-w", "-D", str(self._data), "-l", log, "-o", options)

    def stop(self) -> None:
        """Stop at once, cutting all connections."""
        self._run("pg_ctl", "stop", "-w", "-D", str(self._data), "-m", "fast")

    def new_database(self) -> str:
        """Return the URL of an empty database."""
        name = f"test_{uuid.uuid4().hex}"
        self._run("createdb", "-h", str(self._folder), "-U", _USER, name)
        return f"postgresql://{_USER}@/{name}?host={self._folder}"


@contextmanager
def postgres_server(programs: Path) -> Iterator[PostgresServer]:
    """Run a server until the block ends."""
    # Not under pytest's folder, which only its owner may enter; paths of sockets must be short.
    folder = Path(tempfile.mkdtemp(prefix="brainlens-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _USER, _USER)
        server = PostgresServer(folder, programs)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)
