"""A service that is killed under load: what it answered is on record, and the chains verify."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from brainlens.server.records.verify import verify
from brainlens.server.settings import Settings
from brainlens.server.storage import Storage

from ..server_process import ServerProcess, free_port

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"),
]
KILLS = 50
CLIENTS = 4
#: Answers after which a round's service is killed; another number each round.
FIRST = 3


class _Load:
    """Clients that ask as fast as they can, until the service is gone."""

    def __init__(self, url: str, images: list[bytes]) -> None:
        self.answered: list[str] = []
        self._enough = threading.Semaphore(0)
        self._threads = [
            threading.Thread(target=self._ask, args=(url, image), daemon=True) for image in images
        ]
        for thread in self._threads:
            thread.start()

    def _ask(self, url: str, image: bytes) -> None:
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            while True:
                try:
                    answer = client.post("/predict", content=image)
                except httpx.TransportError:
                    return
                assert answer.status_code == 200
                self.answered.append(answer.json()["prediction_id"])
                self._enough.release()

    def wait_for(self, answers: int) -> None:
        for _ in range(answers):
            assert self._enough.acquire(timeout=120)

    def wait_until_gone(self) -> None:
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()


def test_every_answer_is_on_record_however_often_it_is_killed(
    tiny_bundle: Path, tmp_path: Path, slice_png: Callable[..., bytes]
) -> None:
    kept = tmp_path / "kept"
    images = [slice_png(n % 3, seed=n) for n in range(CLIENTS)]
    answered: list[str] = []
    for round_ in range(KILLS):
        log = tmp_path / f"log{round_}"
        with ServerProcess(tiny_bundle, log, port=free_port(), data_dir=kept) as server:
            server.wait_until_ready()
            load = _Load(server.url, images)
            load.wait_for(FIRST + round_)
            server.process.kill()
            load.wait_until_gone()
        answered += load.answered

    storage = Storage.open(Settings(data_dir=kept))
    found = verify(storage.database, storage.codes)
    recorded = {stored.record.prediction_id for stored in storage.records.since(0)}
    storage.close()

    assert found.findings == ()
    assert len(found.ends) == KILLS
    assert len(answered) >= KILLS * FIRST
    assert set(answered) <= recorded
    # At most what was under way when the service was killed is on record without an answer.
    assert len(recorded) - len(answered) <= KILLS * CLIENTS
