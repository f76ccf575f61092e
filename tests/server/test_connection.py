import asyncio
import contextlib
import io
import json
import resource
import select
import socket
import sys
import time
from collections.abc import Callable
from http.client import HTTPResponse

import httpx
import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI
from PIL import Image
from uvicorn.server import ServerState

from brainlens.errors import UsageError
from brainlens.server import connection as connection_module
from brainlens.server.descriptors import RESERVED, provide

from ..live_service import Live, Run, read_all, read_answer


def drip(connection: socket.socket, text: str) -> bool:
    """Send byte by byte; return whether the other side closed before all were sent."""
    try:
        for character in text:
            connection.sendall(character.encode())
            time.sleep(0.02)
            connection.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                if not connection.recv(1):
                    return True
            connection.setblocking(True)
    except OSError:
        return True
    return False


def held(live: Live) -> int:
    """Return how many connections the service holds."""
    return len(live.server.server_state.connections)


def test_a_silent_connection_is_closed(run_service: Run) -> None:
    with run_service(head_timeout=0.2) as live:
        with socket.create_connection(live.address, timeout=60) as connection:
            assert connection.recv(1) == b""
        live.wait_until(lambda _: held(live) == 0)


def test_a_head_that_drips_is_given_up(run_service: Run) -> None:
    # Five seconds of dripping, however slow the machine; each byte comes in time.
    with (
        run_service(head_timeout=0.3) as live,
        socket.create_connection(live.address, timeout=60) as connection,
    ):
        assert drip(connection, "GET /livez HTTP/1.1\r\nX: " + "x" * 250)


def test_a_second_head_that_drips_is_given_up(run_service: Run) -> None:
    with (
        run_service(head_timeout=0.3) as live,
        live.open("GET /livez HTTP/1.1\nHOST") as connection,
    ):
        assert read_answer(connection)[0].status == 200
        assert drip(connection, "GET /livez HTTP/1.1\r\nX: " + "x" * 250)


def test_a_body_may_take_longer_than_a_head(
    run_service: Run, slice_png: Callable[..., bytes]
) -> None:
    image = slice_png(0)
    with run_service(head_timeout=0.2) as live:
        head = f"POST /predict HTTP/1.1\nHOST\nContent-Length: {len(image)}"
        with live.open(head, image[:-1]) as connection:
            time.sleep(0.6)
            connection.sendall(image[-1:])
            assert read_answer(connection)[0].status == 200


@pytest.fixture(scope="module")
def large_png() -> bytes:
    """Return an image whose explanation is larger than what systems buffer."""
    pixels = np.random.default_rng(0).integers(0, 256, (2400, 2400), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def ask_for_much(live: Live, image: bytes) -> socket.socket:
    """Return a connection with little room to receive, on which a large answer is on its way."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(60)
    connection.connect(live.address)
    head = f"POST /predict?explain=true HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(image)}"
    connection.sendall(head.encode() + b"\r\n\r\n" + image)
    return connection


def test_a_client_that_takes_up_no_answer_is_cut_off(run_service: Run, large_png: bytes) -> None:
    with run_service(head_timeout=0.2) as live, ask_for_much(live, large_png):
        live.wait_until(lambda _: held(live) == 1)
        live.wait_until(lambda _: held(live) == 0)


def test_a_client_that_takes_up_an_answer_slowly_gets_it(
    run_service: Run, large_png: bytes
) -> None:
    with run_service(head_timeout=2.0) as live, ask_for_much(live, large_png) as connection:
        response = HTTPResponse(connection)
        response.begin()
        length = response.length or 0
        body = bytearray()
        # All of it takes longer than the time that no progress would be given.
        while part := response.read(length // 25 + 1):
            body += part
            time.sleep(0.12)
        response.close()

    assert length > 2_000_000
    assert json.loads(body)["explanation"] is not None


def test_one_connection_too_many_is_told_to_come_again(run_service: Run) -> None:
    with run_service(max_connections=2) as live:
        with (
            live.open("GET /livez HTTP/1.1\nHOST") as first,
            live.open("GET /livez HTTP/1.1\nHOST") as second,
        ):
            assert read_answer(first)[0].status == read_answer(second)[0].status == 200
            with live.open("GET /livez HTTP/1.1\nHOST") as third:
                response, body = read_answer(third)
                assert read_all(third) == b""
            # Those that were there are served on.
            first.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert read_answer(first)[0].status == 200
        live.wait_until(lambda _: held(live) == 0)
        assert live.get("/livez").status_code == 200
        figures = live.get("/metrics").text

    assert response.status == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert int(response.headers["retry-after"]) >= 1
    assert json.loads(body)["type"] == "urn:brainlens:problem:service-busy"
    assert "brainlens_connections_refused_total 1.0" in figures


def test_refused_connections_are_few_too(run_service: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "LINGERING", 1)
    monkeypatch.setattr(connection_module, "LINGER_S", 0.3)
    with run_service(max_connections=1) as live, live.open("GET / HTTP/1.1\nHOST") as first:
        read_answer(first)
        with (
            socket.create_connection(live.address, timeout=60) as second,
            socket.create_connection(live.address, timeout=60) as third,
        ):
            assert second.recv(100).startswith(b"HTTP/1.1 503")
            # What it sends is thrown away.
            second.sendall(b"GET / HTTP/1.1\r\n\r\n")
            with contextlib.suppress(ConnectionResetError):
                assert third.recv(100) == b""
        first.close()
        live.wait_until(lambda _: held(live) == 0)
        assert live.get("/livez").status_code == 200


def test_a_head_without_end_is_refused(live: Live) -> None:
    with socket.create_connection(live.address, timeout=60) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\n")
        for _ in range(1000):
            connection.sendall(b"X: " + b"x" * 1000 + b"\r\n")
            if select.select([connection], [], [], 0.01)[0]:
                break
        assert read_answer(connection)[0].status == 400


class _Transport(asyncio.Transport):
    """A connection whose client has taken up some of what it was sent whenever that is asked."""

    def __init__(self, *left: int) -> None:
        super().__init__()
        self.left = list(left)
        self.aborted = asyncio.Event()

    def get_write_buffer_size(self) -> int:
        return self.left.pop(0) if len(self.left) > 1 else self.left[0]

    def is_closing(self) -> bool:
        return False

    def abort(self) -> None:
        self.aborted.set()


@pytest.mark.parametrize(
    ("left", "cut"),
    [
        ((100_000, 100_000), True),
        ((100_000, 50_000, 50_000), True),
        # Byte by byte is no progress.
        ((100_000, 99_999), True),
        ((100_000, 50_000, 10_000, 0), False),
    ],
)
def test_writing_is_watched_until_all_is_taken_up(left: tuple[int, ...], cut: bool) -> None:
    async def check() -> None:
        made = connection_module.bounded(0.02, 10, lambda: None)
        config = uvicorn.Config(FastAPI(), log_config=None)
        connection = made(config, ServerState(), {})
        transport = _Transport(*left)
        connection.connection_made(transport)
        connection._stop_awaiting_head()
        connection.pause_writing()
        if cut:
            await asyncio.wait_for(transport.aborted.wait(), 60)
        else:
            async with asyncio.timeout(60):
                while transport.left != [0]:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
        assert transport.aborted.is_set() == cut
        # What is left of it is looked at no more.
        connection.connection_lost(ConnectionResetError())

    asyncio.run(check())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_descriptors_are_provided_as_far_as_the_system_allows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = [100, 4096]
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limits[0], limits[1]))
    monkeypatch.setattr(resource, "setrlimit", lambda _, new: limits.__setitem__(0, new[0]))

    provide(1000)
    assert limits == [1000 + RESERVED, 4096]
    provide(10)
    assert limits == [1000 + RESERVED, 4096]
    with pytest.raises(UsageError) as caught:
        provide(4096)
    assert "ulimit" in caught.value.hint
    limits[1] = resource.RLIM_INFINITY
    provide(1_000_000)
    assert limits[0] == 1_000_000 + RESERVED


def test_another_service_counts_its_own(run_service: Run) -> None:
    with (
        run_service(max_connections=1) as one,
        run_service(max_connections=1) as other,
        httpx.Client(trust_env=False) as client,
    ):
        assert client.get(f"{one.url}/livez").status_code == 200
        assert client.get(f"{other.url}/livez").status_code == 200
