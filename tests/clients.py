"""Clients that ask a service as fast as they can, and remember what they were told."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from types import TracebackType

import httpx


class Clients:
    """One thread an image; a connection that breaks is made again.

    Attributes
    ----------
    answered
        ``prediction_id`` of every answer.
    told
        Status or kind of problem → how often.
    broken
        Requests of which no answer came, by the class of the client's error.
    """

    def __init__(self, url: str, images: Sequence[bytes]) -> None:
        self.answered: list[str] = []
        self.told: Counter[str] = Counter()
        self.broken: Counter[str] = Counter()
        self._url = url
        self._ended = threading.Event()
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._ask, args=(image,)) for image in images]

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive()

    def wait_for(self, condition: Callable[["Clients"], bool]) -> None:
        """Return when what was told fulfils ``condition``; a test that waits in vain fails."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), 120), (self.told, self.broken)

    def wait_for_more(self, what: str, count: int) -> None:
        """Return when ``what`` has been told ``count`` times more than now."""
        wanted = self.told[what] + count
        self.wait_for(lambda clients: clients.told[what] >= wanted)

    def _ask(self, image: bytes) -> None:
        with httpx.Client(base_url=self._url, timeout=60, trust_env=False) as client:
            while not self._ended.is_set():
                try:
                    answer = client.post("/predict", content=image)
                except httpx.TransportError as error:
                    self._note(self.broken, type(error).__name__)
                    self._ended.wait(0.05)
                    continue
                if answer.status_code == 200:
                    self.answered.append(answer.json()["prediction_id"])
                    self._note(self.told, "200")
                else:
                    assert "retry-after" in answer.headers
                    self._note(self.told, answer.json()["type"].rsplit(":", 1)[1])
                    self._ended.wait(0.02)

    def _note(self, counter: Counter[str], what: str) -> None:
        with self._changed:
            counter[what] += 1
            self._changed.notify_all()
