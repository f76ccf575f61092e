"""A folder of images and a real service to send them to."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from brainlens.server.settings import Settings

from ..live_service import Live, running

Script = list[tuple[int, dict[str, str], bytes]]


class Scripted:
    """A server on loopback that answers from a script and then no more."""

    def __init__(self) -> None:
        self.script: Script = []
        self.bodies: list[bytes] = []
        self.paths: list[str] = []
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length", 0))
                scripted.bodies.append(self.rfile.read(length))
                scripted.paths.append(self.path)
                self.answer()

            def do_GET(self) -> None:
                self.answer()

            def answer(self) -> None:
                if not scripted.script:
                    self.close_connection = True
                    return
                status, headers, body = scripted.script.pop(0)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    service = Scripted()
    thread = threading.Thread(target=service.server.serve_forever, args=(0.01,))
    thread.start()
    yield service
    service.server.shutdown()
    thread.join(60)
    service.server.server_close()


@pytest.fixture(scope="module")
def live(tiny_bundle: Path) -> Iterator[Live]:
    """Return one service for a whole module."""
    with running(Settings(port=0, bundles={"tiny": tiny_bundle})) as service:
        yield service


@pytest.fixture
def images(tmp_path: Path, slice_png: Callable[..., bytes]) -> Path:
    """Return a folder with two right images of each class, by id, alias and in a patient's."""
    root = tmp_path / "images"
    for index, folder in enumerate(("alpha", "folder_beta", "gamma/patient")):
        (root / folder).mkdir(parents=True)
        for seed in range(2):
            (root / folder / f"{seed}.png").write_bytes(slice_png(index, seed=seed))
    return root
