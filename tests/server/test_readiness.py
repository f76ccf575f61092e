import asyncio
import shutil
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy.exc import OperationalError

from brainlens.server.database.database import Database, sqlite_url
from brainlens.server.readiness import REMEMBERED_S, Readiness
from brainlens.server.refusals import NotReady
from brainlens.server.service import Service

from ..live_service import Live, Run
from ..postgres_server import PostgresServer
from .test_route_predict import problem


def test_ready(live: Live) -> None:
    answer = live.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_nearly_full_disk_is_said(run_service: Run) -> None:
    with run_service(min_free_bytes=2**60) as live:
        answer = live.get("/readyz")
        alive = live.get("/livez")

    assert answer.status_code == 503
    assert problem(answer) == "not-ready"
    assert "disk" in answer.json()["detail"]
    assert int(answer.headers["retry-after"]) >= 1
    assert alive.status_code == 200


def test_a_disk_that_cannot_be_written_is_said(
    run_service: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise OSError(30, "Read-only file system")

    with run_service() as live:
        monkeypatch.setattr("tempfile.TemporaryFile", refuse)
        answer = live.get("/readyz")

    assert problem(answer) == "not-ready"
    assert "written" in answer.json()["detail"]


def test_no_folder_is_told(run_service: Run, tmp_path: Path) -> None:
    with run_service(min_free_bytes=2**60, data_dir=tmp_path / "kept") as live:
        assert str(tmp_path) not in live.get("/readyz").text


@pytest.mark.system
def test_a_database_that_is_gone_is_said_and_seen_again(
    run_service: Run, postgres: PostgresServer
) -> None:
    with run_service(database_url=postgres.new_database(), min_free_bytes=2**60) as live:
        # The disk is not ours to look after here.
        assert live.get("/readyz").status_code == 200
        postgres.stop()
        try:
            live.wait_until(lambda _: live.get("/readyz").status_code == 503)
            assert "database" in live.get("/readyz").json()["detail"]
            assert live.get("/livez").status_code == 200
        finally:
            postgres.start()
        live.wait_until(lambda _: live.get("/readyz").status_code == 200)


class _Service:
    """As much of a service as readiness looks at."""

    def __init__(self, database: Database) -> None:
        self.storage = self
        self.settings = self
        self.database = database
        self.min_free_bytes = 0
        self.looked = 0

    async def look_up(self, work: Any) -> Any:
        self.looked += 1
        await asyncio.sleep(0)
        return work()


def test_many_who_ask_make_one_look(tmp_path: Path) -> None:
    now = 0.0
    database = Database(sqlite_url(tmp_path / "records.sqlite"))
    service = _Service(database)

    async def check() -> None:
        nonlocal now
        readiness = Readiness(cast(Service, service), clock=lambda: now)
        await asyncio.gather(*(readiness.check() for _ in range(50)))
        assert service.looked == 1
        now = REMEMBERED_S
        service.min_free_bytes = shutil.disk_usage(tmp_path).total + 1
        for _ in range(3):
            with pytest.raises(NotReady):
                await readiness.check()
        assert service.looked == 2

    try:
        asyncio.run(check())
    finally:
        database.close()


def test_whatever_the_database_says_is_no_readiness(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(sqlite_url(tmp_path / "records.sqlite"))

    def refuse() -> None:
        raise OperationalError("", None, Exception())

    monkeypatch.setattr(database, "reading", refuse)
    readiness = Readiness(cast(Service, _Service(database)))

    with pytest.raises(NotReady, match="database"):
        asyncio.run(readiness.check())
    database.close()
