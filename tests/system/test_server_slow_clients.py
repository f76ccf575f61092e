"""Clients by the thousand that are slow, silent or gone without a word."""

import contextlib
import resource
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from brainlens.server.connection import LINGERING
from brainlens.server.descriptors import BACKLOG

from ..server_process import ServerProcess, free_port

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]
CLIENTS = 2000
#: Ends a connection on this side without telling the other: what a cut line looks like to it.
TCP_REPAIR = 19


#: SQLite's pool keeps up to five connections of two files each, opened when work comes at once.
POOLED = 10


@pytest.fixture(autouse=True)
def _descriptors() -> Iterator[None]:
    """Let the tests open sockets enough, or skip them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < CLIENTS + 500:
        pytest.skip(f"the system allows {hard} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, CLIENTS + 500), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def descriptors(server: ServerProcess) -> int:
    """Return how many files and sockets the service holds."""
    return sum(1 for _ in Path(f"/proc/{server.process.pid}/fd").iterdir())


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def dripping(port: int, count: int) -> Iterator[list[socket.socket]]:
    """Hold connections open that send a head byte by byte, as long as they are let."""
    ended = threading.Event()
    with ExitStack() as stack:
        sockets = []
        for _ in range(count):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            one.setblocking(False)
            sockets.append(one)

        def drip() -> None:
            while not ended.is_set():
                for one in sockets:
                    with contextlib.suppress(OSError):
                        one.send(b"x")
                ended.wait(0.2)

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            yield sockets
        finally:
            ended.set()
            thread.join(60)


def test_thousands_that_drip_are_refused_or_cut_off(
    tiny_bundle: Path, tmp_path: Path, slice_png: Callable[..., bytes]
) -> None:
    port = free_port()
    with ServerProcess(
        tiny_bundle, tmp_path / "log", port=port, head_timeout=5, max_connections=500
    ) as server:
        server.wait_until_ready()
        before = descriptors(server)
        with (
            httpx.Client(base_url=server.url, timeout=60, trust_env=False) as there_already,
            dripping(port, CLIENTS),
        ):
            # Those that may be held, those being refused, those just taken.
            assert descriptors(server) <= before + 500 + LINGERING + BACKLOG
            with contextlib.suppress(httpx.TransportError):
                there_already.get("/livez")
            # In time they are all gone, though they drip on, and the service answers.
            wait_until(lambda: descriptors(server) <= before + 20)
            answer = httpx.post(server.url + "/predict", content=slice_png(0), trust_env=False)
            assert answer.status_code == 200
        figures = httpx.get(server.url + "/metrics", trust_env=False).text

    refused = [
        line
        for line in figures.splitlines()
        if line.startswith("brainlens_connections_refused_total ")
    ]
    assert float(refused[0].split()[1]) > 0
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_slow_bodies_take_the_places_for_a_bounded_time(
    tiny_bundle: Path, tmp_path: Path, slice_png: Callable[..., bytes]
) -> None:
    image, port = slice_png(0), free_port()
    head = f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(image)}\r\n\r\n"
    given = {"workers": 2, "queue_length": 8, "request_timeout": 3}
    with (
        ServerProcess(tiny_bundle, tmp_path / "log", port=port, **given) as server,
        ExitStack() as stack,
    ):
        server.wait_until_ready()
        for _ in range(200):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            one.sendall(head.encode() + image[:10])

        def ask() -> httpx.Response:
            return httpx.post(server.url + "/predict", content=image, trust_env=False, timeout=60)

        # Told at once, not after a wait, for as long as the slow ones are given.
        codes = set()
        deadline = time.monotonic() + 120
        while (answer := ask()).status_code != 200:
            assert time.monotonic() < deadline
            assert answer.headers["retry-after"]
            codes.add(answer.status_code)
            time.sleep(0.1)

        def statuses() -> Counter[int]:
            lines = [line for line in server.log_lines() if line.get("route") == "/predict"]
            return Counter(line["status"] for line in lines)

        # A line is written when the connection is let go, a little after the place was.
        wait_until(lambda: statuses()[408] == 10)

    assert codes <= {503}
    assert statuses()[503] >= 190


def vanish(connection: socket.socket) -> None:
    """End a connection without a word to the other side."""
    connection.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    connection.close()


def test_half_open_connections_are_let_go(
    tiny_bundle: Path, tmp_path: Path, slice_png: Callable[..., bytes]
) -> None:
    image, port = slice_png(0), free_port()
    predict = f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(image)}\r\n\r\n"
    begun = {
        "silent": b"",
        "in the head": b"GET /livez HTTP/1.1\r\nHost: 127",
        "in the body": predict.encode() + image[:-1],
        "before the answer": predict.encode() + image,
        "after the answer": b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    }
    with ServerProcess(
        tiny_bundle, tmp_path / "log", port=port, head_timeout=2, request_timeout=2, workers=1
    ) as server:
        server.wait_until_ready()
        before = descriptors(server)
        try:
            for sent in begun.values():
                for _ in range(20):
                    one = socket.create_connection(("127.0.0.1", port), timeout=60)
                    one.sendall(sent)
                    vanish(one)
        except PermissionError:
            pytest.skip("only root may end a connection without a word")
        # A hundred connections came; what may stay is what the database's pool has opened since.
        wait_until(lambda: descriptors(server) <= before + POOLED)
        answer = httpx.post(server.url + "/predict", content=image, trust_env=False, timeout=60)

    assert answer.status_code == 200
    assert "Traceback" not in (tmp_path / "log").read_text()
