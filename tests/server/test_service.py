import asyncio
import threading
from concurrent.futures import Future

import pytest

from brainlens.errors import ServiceBusy
from brainlens.server import service as service_module
from brainlens.server.database.database import DatabaseError

from ..live_service import Run


def test_a_database_that_does_not_answer_is_waited_for_so_long(
    run_service: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "LOOK_UP_S", 0.05)
    gate = threading.Event()
    with run_service() as live:
        ask = live.service.look_up(lambda: gate.wait(600))
        with pytest.raises(DatabaseError, match="in time"):
            asyncio.run_coroutine_threadsafe(ask, live.loop).result(60)
        gate.set()
        live.wait_until(lambda service: service.lookups.held == 0)


def test_no_more_wait_for_the_database_than_may(
    run_service: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brainlens.server.app.LOOKUPS", 1)
    monkeypatch.setattr("brainlens.server.app.LOOKUPS_QUEUED", 1)
    gate = threading.Event()
    with run_service() as live:

        def ask() -> Future[bool]:
            asked = live.service.look_up(lambda: gate.wait(600))
            return asyncio.run_coroutine_threadsafe(asked, live.loop)

        first, second = ask(), ask()
        live.wait_until(lambda service: service.lookups.full)
        answer = live.post("/predict", content=b"x")
        with pytest.raises(ServiceBusy):
            ask().result(60)
        gate.set()
        assert [first.result(60), second.result(60)] == [True, True]

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
