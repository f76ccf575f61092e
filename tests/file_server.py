"""A file server on loopback that misbehaves as it is told."""

import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

Fault = Literal[
    "break",  # the connection ends halfway
    "stall",  # nothing more comes halfway
    "wrong",  # the first byte is another
    "long",  # more comes than there is
    "short",  # half is sent as if it were all
    "whole",  # a request for a part is answered with everything
    "elsewhere",  # another part than the wanted one
    "unsatisfiable",
    "busy",
    "challenge",
    "puzzle",  # a firewall's page in place of the file
    "missing",
]


class FileServer:
    """Serves ``files`` by path; each request of a path uses up one of its ``faults``.

    Paths of ``moved`` lead to others, as figshare's lead to its storage.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.moved: dict[str, str] = {}
        self.faults: defaultdict[str, list[Fault]] = defaultdict(list)
        self.always: dict[str, Fault] = {}
        self.requests: list[tuple[str, str]] = []
        self.sent = 0
        self.released = threading.Event()
        self.url = ""

    def fault(self, path: str) -> Fault | None:
        if path in self.always:
            return self.always[path]
        return self.faults[path].pop(0) if self.faults[path] else None

    def paths(self) -> list[str]:
        """What was asked for, in order, where something was served."""
        return [path for path, _ in self.requests if path not in self.moved]


@contextmanager
def serving() -> Iterator[FileServer]:
    """Yield a server that answers; its port is free again afterwards."""
    server = FileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, server)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        http.shutdown()
        thread.join()
        http.server_close()


def _answer(request: BaseHTTPRequestHandler, server: FileServer) -> None:
    path = request.path.lstrip("/")
    wanted = request.headers.get("Range", "")
    server.requests.append((path, wanted))
    if path in server.moved:
        request.send_response(302)
        request.send_header("Location", f"{server.url}/{server.moved[path]}")
        request.end_headers()
        return
    fault = server.fault(path)
    refused = {"busy": 503, "challenge": 202, "puzzle": 405, "unsatisfiable": 416, "missing": 404}
    if fault in refused or path not in server.files:
        request.send_response(refused.get(fault or "", 404))
        if fault == "puzzle":
            request.send_header("x-amzn-waf-action", "captcha")
        request.send_header("Retry-After", "0")
        request.send_header("Content-Length", "0")
        request.end_headers()
        return
    _send(request, server, server.files[path], wanted, fault)


def _send(
    request: BaseHTTPRequestHandler,
    server: FileServer,
    content: bytes,
    wanted: str,
    fault: Fault | None,
) -> None:
    first, last = 0, len(content) - 1
    part = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)
    if part and fault != "whole":
        first, last = int(part[1]), int(part[2] or last)
        if fault == "elsewhere":
            first -= 1
        request.send_response(206)
        request.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
    else:
        request.send_response(200)
    body = content[first : last + 1]
    if fault == "wrong":
        body = bytes([body[0] ^ 0xFF]) + body[1:]
    elif fault == "long":
        body += b"more"
    elif fault == "short":
        body = body[: len(body) // 2]
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    if fault in ("break", "stall"):
        body = body[: len(body) // 2]
    try:
        request.wfile.write(body)
        request.wfile.flush()
    except (BrokenPipeError, ConnectionResetError):
        return  # the client has heard enough
    server.sent += len(body)
    if fault == "stall":
        server.released.wait(10)
