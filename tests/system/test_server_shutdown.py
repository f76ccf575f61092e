"""A service that is told to stop finishes what it has begun."""

import os
import select
import signal
import socket
import time
from collections.abc import Callable
from http.client import HTTPResponse
from pathlib import Path

import httpx
import pytest

from ..server_process import ServerProcess, free_port

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"),
]


def begin(port: int, image: bytes) -> socket.socket:
    """Send a request but for its last byte."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=120)
    head = f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(image)}\r\n\r\n"
    connection.sendall(head.encode() + image[:-1])
    return connection


def wait_until_refused(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert time.monotonic() < deadline
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.05)


def test_request_under_way_is_answered(
    tiny_bundle: Path, tmp_path: Path, slice_png: Callable[..., bytes]
) -> None:
    image, port = slice_png(1), free_port()
    with ServerProcess(tiny_bundle, tmp_path / "log", port=port) as server:
        server.wait_until_ready()
        with begin(port, image) as connection:
            time.sleep(0.5)
            server.process.send_signal(signal.SIGTERM)
            wait_until_refused(port)
            assert server.process.poll() is None
            connection.sendall(image[-1:])
            response = HTTPResponse(connection)
            response.begin()
            body = response.read()
        status = server.process.wait(60)

    assert response.status == 200
    assert b'"predicted_class":"beta"' in body
    assert status in (0, -signal.SIGTERM)
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_request_that_never_ends_does_not_hold_it_up(
    tiny_bundle: Path, tmp_path: Path, slice_png: Callable[..., bytes]
) -> None:
    port = free_port()
    with ServerProcess(tiny_bundle, tmp_path / "log", port=port, request_timeout=1) as server:
        server.wait_until_ready()
        with begin(port, slice_png(1)):
            time.sleep(0.3)
            server.process.send_signal(signal.SIGINT)
            assert server.process.wait(60) == 0


def test_all_that_was_taken_is_finished(
    tiny_bundle: Path, tmp_path: Path, slice_png: Callable[..., bytes]
) -> None:
    # More than there are threads: most of them wait when the signal comes.
    image, port, count = slice_png(1, side=2500), free_port(), 20
    with ServerProcess(tiny_bundle, tmp_path / "log", port=port, workers=1) as server:
        server.wait_until_ready()
        connections = [begin(port, image) for _ in range(count)]
        for connection in connections:
            connection.sendall(image[-1:])
        figures = f"http://127.0.0.1:{port}/metrics"
        while f"brainlens_places_taken {count}.0" not in httpx.get(figures, trust_env=False).text:
            # Before any of them was answered.
            assert not select.select(connections, [], [], 0)[0]
        server.process.send_signal(signal.SIGTERM)
        statuses = []
        for connection in connections:
            with connection:
                response = HTTPResponse(connection)
                response.begin()
                response.read()
                statuses.append(response.status)
        status = server.process.wait(60)

    assert statuses == [200] * count
    assert status in (0, -signal.SIGTERM)


def test_what_cannot_be_finished_in_time_is_told_so(
    tiny_bundle: Path, tmp_path: Path, slice_png: Callable[..., bytes]
) -> None:
    port = free_port()
    with ServerProcess(tiny_bundle, tmp_path / "log", port=port, shutdown_timeout=1) as server:
        server.wait_until_ready()
        with begin(port, slice_png(1)) as connection:
            time.sleep(0.5)
            server.process.send_signal(signal.SIGTERM)
            response = HTTPResponse(connection)
            response.begin()
            body = response.read()
        assert server.process.wait(60) in (0, -signal.SIGTERM)

    assert response.status == 503
    assert response.headers["retry-after"]
    assert b"service-busy" in body
    assert "stop_forced" not in (tmp_path / "log").read_text()
