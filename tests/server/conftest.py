"""A real service on loopback for every test of the room, and databases of both kinds."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest

from brainlens.server.database.database import Database, parse_url
from brainlens.server.settings import Settings
from brainlens.server.storage import Storage

from ..live_service import Live, Run, running
from ..postgres_server import PostgresServer, binaries, postgres_server
from .databases import SECRET, OpenStorage


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("BRAINLENS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("BRAINLENS_DATA_DIR", str(tmp_path / "kept"))


@pytest.fixture(scope="session")
def run_service(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return ``run(**settings)``, a context in which a service with the tiny bundle answers."""

    def run(**chosen: Any) -> AbstractContextManager[Live]:
        given = {"port": 0, "bundles": {"tiny": tiny_bundle}, **chosen}
        if "data_dir" not in given:
            given["data_dir"] = tmp_path_factory.mktemp("kept")
        return running(Settings(**given))

    return run


@pytest.fixture(scope="module")
def live(run_service: Run) -> Iterator[Live]:
    """Return one service for a whole module."""
    with run_service(workers=2) as service:
        yield service


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Return a running PostgreSQL."""
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: scripts/install-system-packages")
    with postgres_server(programs) as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database: SQLite, and in system tests PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'records.sqlite'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def open_storage(database_url: str) -> Iterator[OpenStorage]:
    """Return ``open()``, which opens the database once more, as another process would."""
    with ExitStack() as stack:

        def open_() -> Storage:
            storage = Storage(Database(parse_url(database_url)), SECRET)
            stack.callback(storage.close)
            return storage

        yield open_


@pytest.fixture
def storage(open_storage: OpenStorage) -> Storage:
    """Return an open storage of an empty database."""
    return open_storage()
