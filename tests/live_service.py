"""A real service on loopback, in a thread of the test process."""

import asyncio
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import httpx

from brainlens.server.serve import Server
from brainlens.server.service import Service
from brainlens.server.settings import Settings


@dataclass
class Live:
    """A running service and what a test may want of it."""

    url: str
    server: Server
    loop: asyncio.AbstractEventLoop
    client: httpx.Client

    @property
    def service(self) -> Service:
        service = self.server.config.app.state.service  # type: ignore[union-attr]  # FastAPI
        assert isinstance(service, Service)
        return service

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 0

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.client.get(path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.client.post(path, **options)

    def open(self, head: str, body: bytes = b"") -> socket.socket:
        """Send raw bytes on a new connection and leave it open."""
        connection = socket.create_connection(self.address, timeout=60)
        lines = head.strip().replace("HOST", f"Host: 127.0.0.1:{self.address[1]}")
        connection.sendall(lines.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        return connection

    def wait_until(self, condition: Callable[[Service], bool]) -> None:
        """Return when ``condition`` holds; a test that waits in vain fails."""
        deadline = time.monotonic() + 60
        while not condition(self.service):
            assert time.monotonic() < deadline
            time.sleep(0.005)

    @contextmanager
    def busy_workers(self) -> Iterator[None]:
        """Keep every thread of the pool at work while the block runs."""
        gate = threading.Event()
        pool = self.service.pool
        started = threading.Semaphore(0)

        def work() -> None:
            started.release()
            gate.wait(600)

        count = self.service.settings.workers
        tasks = [asyncio.run_coroutine_threadsafe(pool.run(work), self.loop) for _ in range(count)]
        try:
            for _ in tasks:
                assert started.acquire(timeout=60)
            yield
        finally:
            gate.set()
            for task in tasks:
                task.result(60)


def read_answer(connection: socket.socket) -> tuple[HTTPResponse, bytes]:
    """Return the answer's head and body while the connection stays open."""
    response = HTTPResponse(connection)
    response.begin()
    return response, response.read()


def read_all(connection: socket.socket) -> bytes:
    """Return everything until the server closes the connection."""
    with connection:
        return b"".join(iter(lambda: connection.recv(65536), b""))


@contextmanager
def running(settings: Settings) -> Iterator[Live]:
    ready: queue.Queue[tuple[str, asyncio.AbstractEventLoop]] = queue.Queue()
    server = Server(settings, lambda url: ready.put((url, asyncio.get_running_loop())))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        url, loop = ready.get(timeout=60)
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            yield Live(url, server, loop, client)
    finally:
        server.should_exit = True
        thread.join(60)
    assert not thread.is_alive()


Run = Callable[..., AbstractContextManager[Live]]
