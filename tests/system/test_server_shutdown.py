"""A service that is told to stop finishes what it has begun."""

import os
import signal
import socket
import time
from collections.abc import Callable
from http.client import HTTPResponse
from pathlib import Path

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
