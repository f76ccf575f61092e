"""What wrk reports is counted as it should be."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from benchmarks.serving.forms import CONTENT_TYPE, form, write_forms
from benchmarks.serving.load import Load, offer, require_wrk
from python_multipart.multipart import parse_options_header

from brainlens.errors import UsageError
from brainlens.server.upload_form import take_image


def test_the_last_line_of_its_output_is_read() -> None:
    line = '{"seconds": 2.0, "latencies": [0.5], "unanswered": [], "not_ok": 3, "broken": 1}'
    assert Load.parse(f"Running 2s test\n{line}\n") == Load(2.0, [0.5], [], 3, 1)


def test_late_and_missing_answers_are_timeouts_and_no_throughput() -> None:
    load = Load(2.0, latencies=[0.1, 0.1, 2.5], unanswered=[1.9, 2.1])
    assert load.timeouts == 2
    assert load.per_second == 1.0


def test_without_wrk_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="wrk") as raised:
        require_wrk()
    assert "install-system-packages" in str(raised.value.hint)


def test_forms_hold_the_image_as_the_service_wants_it(tmp_path: Path) -> None:
    write_forms([b"one", b"two\r\n"], tmp_path / "forms")
    assert (tmp_path / "forms" / "2").read_bytes() == form(b"two\r\n")
    for content in (b"one", b"two\r\n"):
        assert take_image(form(content), CONTENT_TYPE, max_bytes=100) == content


class _Server:
    """Answers the fourth request with 503, hangs up on the sixth, never answers the tenth."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.heads.append(head)
                self.bodies.append(await reader.readexactly(length))
                number = len(self.bodies)
                if number == 6:
                    return
                if number == 10:
                    await asyncio.sleep(60)
                await asyncio.sleep(0.02)
                status = b"503 Busy" if number == 4 else b"200 OK"
                writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\nok")
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@contextmanager
def _running(server: _Server) -> Iterator[str]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def stop() -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    try:
        made = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(server.serve, "127.0.0.1", 0), loop
        ).result(30)
        yield f"http://127.0.0.1:{made.sockets[0].getsockname()[1]}/predict"
        made.close()
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


@pytest.mark.system
def test_wrk_sends_forms_in_turn_and_counts_what_comes_back(tmp_path: Path) -> None:
    images = [b"a" * 10, b"b" * 20, b"c" * 30]
    write_forms(images, tmp_path / "forms")
    server = _Server()
    with _running(server) as url:
        load = offer(
            url, tmp_path / "forms", 3, clients=2, seconds=3, headers={"X-API-Key": "secret"}
        )
    # Kept but for the one that was hung up on. The program looks whether anybody listens first.
    assert server.connections == 4
    assert all(head.startswith(b"POST /predict HTTP/1.1\r\n") for head in server.heads)
    assert all(b"x-api-key: secret" in head.lower() for head in server.heads)
    wanted = parse_options_header(CONTENT_TYPE)
    for head in server.heads:
        sent = head.decode().split("Content-Type: ")[1].split("\r\n")[0]
        assert parse_options_header(sent) == wanted
    assert {*server.bodies} == {form(image) for image in images}
    assert 2.5 < load.seconds < 10
    assert load.not_ok == 1
    assert load.broken == 1
    # One client waits in vain from the tenth request on; the other goes on asking.
    assert load.timeouts == 1
    assert max(load.unanswered) > 2
    assert len(load.latencies) + len(load.unanswered) + 2 == len(server.bodies)
    assert len(load.latencies) > 10
    assert all(0.02 <= latency < 2 for latency in load.latencies)


@pytest.mark.system
def test_wrk_that_finds_nobody_is_an_error(tmp_path: Path) -> None:
    write_forms([b"a"], tmp_path / "forms")
    with _running(_Server()) as url:
        pass
    with pytest.raises(RuntimeError, match="refused"):
        offer(url, tmp_path / "forms", 1, clients=1, seconds=1, headers={})
