"""The database goes away under load, or falls silent, and comes back."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from brainlens.server.records.verify import verify
from brainlens.server.settings import Settings
from brainlens.server.storage import Storage

from ..clients import Clients
from ..postgres_server import PostgresServer, binaries, postgres_server
from ..server_process import ServerProcess, free_port

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: scripts/install-system-packages")
    with postgres_server(programs) as server:
        yield server


def check_records(url: str, data_dir: Path, answered: list[str]) -> None:
    """Fail unless the chains verify and every answer is on record."""
    storage = Storage.open(Settings(data_dir=data_dir, database_url=url))
    found = verify(storage.database, storage.codes)
    recorded = {stored.record.prediction_id for stored in storage.records.since(0)}
    storage.close()
    assert found.findings == ()
    assert set(answered) <= recorded


def test_gone_and_back(
    tiny_bundle: Path, tmp_path: Path, slice_png: Callable[..., bytes], postgres: PostgresServer
) -> None:
    url = postgres.new_database()
    given = {"database_url": url, "data_dir": tmp_path / "kept", "rate_limit": 0}
    images = [slice_png(n % 3, seed=n) for n in range(4)]
    with ServerProcess(tiny_bundle, tmp_path / "log", port=free_port(), **given) as server:
        server.wait_until_ready()
        with Clients(server.url, images) as clients:
            for _ in range(3):
                clients.wait_for_more("200", 20)
                postgres.stop()
                clients.wait_for_more("database-failed", 20)
                # What needs no database is answered.
                assert httpx.get(f"{server.url}/livez", trust_env=False).status_code == 200
                assert httpx.get(f"{server.url}/", trust_env=False).status_code == 200
                postgres.start()
            clients.wait_for_more("200", 20)
        assert server.process.poll() is None

    assert set(clients.told) == {"200", "database-failed"}
    assert not clients.broken
    check_records(url, tmp_path / "kept", clients.answered)
    assert "Traceback" not in (tmp_path / "log").read_text()


def _signal_all(processes: list[int], number: int) -> None:
    for process in processes:
        os.kill(process, number)


def _processes_of(folder_of_url: str) -> list[int]:
    """Return the processes of the server whose socket lies in that folder."""
    folder = folder_of_url.partition("host=")[2]
    main = int((Path(folder) / "data" / "postmaster.pid").read_text().splitlines()[0])
    # After the name in parentheses: state, then the parent.
    parents = {
        int(path.parent.name): int(path.read_text().rpartition(")")[2].split()[1])
        for path in Path("/proc").glob("[0-9]*/stat")
    }
    return [main, *(process for process, parent in parents.items() if parent == main)]


def test_silent_and_back(
    tiny_bundle: Path, tmp_path: Path, slice_png: Callable[..., bytes], postgres: PostgresServer
) -> None:
    url = postgres.new_database()
    given = {"database_url": url, "data_dir": tmp_path / "kept", "rate_limit": 0}
    images = [slice_png(n % 3, seed=n) for n in range(4)]
    with ServerProcess(tiny_bundle, tmp_path / "log", port=free_port(), **given) as server:
        server.wait_until_ready()
        with Clients(server.url, images) as clients:
            clients.wait_for_more("200", 20)
            frozen = _processes_of(url)
            _signal_all(frozen, signal.SIGSTOP)
            try:
                # They wait for a bounded time and are told to come again.
                clients.wait_for_more("database-failed", 4)
                assert httpx.get(f"{server.url}/livez", trust_env=False).status_code == 200
            finally:
                _signal_all(frozen, signal.SIGCONT)
            clients.wait_for_more("200", 20)

    assert set(clients.told) <= {"200", "database-failed", "service-busy"}
    check_records(url, tmp_path / "kept", clients.answered)


def test_a_silent_database_does_not_hold_up_the_end(
    tiny_bundle: Path, tmp_path: Path, slice_png: Callable[..., bytes], postgres: PostgresServer
) -> None:
    url = postgres.new_database()
    given = {"database_url": url, "data_dir": tmp_path / "kept", "shutdown_timeout": 1}
    with ServerProcess(tiny_bundle, tmp_path / "log", port=free_port(), **given) as server:
        server.wait_until_ready()
        with Clients(server.url, [slice_png(0)]) as clients:
            clients.wait_for_more("200", 5)
            frozen = _processes_of(url)
            _signal_all(frozen, signal.SIGSTOP)
            try:
                # A record is under way now, and its thread waits.
                clients.wait_for_more("database-failed", 1)
                server.process.send_signal(signal.SIGTERM)
                status = server.process.wait(60)
            finally:
                _signal_all(frozen, signal.SIGCONT)

    assert status == 3
    assert [line for line in server.log_lines() if line["event"] == "stop_forced"]
    check_records(url, tmp_path / "kept", clients.answered)
