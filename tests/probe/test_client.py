import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from brainlens.errors import ServiceUnavailable, UsageError
from brainlens.imaging.limits import Limits
from brainlens.probe import client as client_module
from brainlens.probe.client import Client, _retry_after_s

from .conftest import Scripted

PROBLEM = {"type": "urn:brainlens:problem:not-an-image"}


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def make(url: str, **options: object) -> Client:
        defaults = {
            "model": None,
            "connections": 1,
            "retries": 3,
            "first_wait_s": 0.001,
            "timeout_s": 30.0,
        }
        made.append(Client(url, **{**defaults, **options}))  # type: ignore[arg-type]  # options
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "x.png"
    path.write_bytes(b"pixels")
    return path


def test_busy_service_is_asked_again(
    scripted: Scripted, connect: Callable[..., Client], image: Path
) -> None:
    scripted.script = [(503, {"Retry-After": "0"}, b""), (502, {}, b"x"), (200, {}, b'{"a": 1}')]

    reply = connect(scripted.url, model="two").send(image)

    assert reply.answer == {"a": 1}
    assert reply.repeats == 2
    assert reply.latency_ms > 0
    assert scripted.bodies == [b"pixels"] * 3
    assert scripted.paths == ["/predict?model=two"] * 3


def test_service_busy_for_ever_fails_the_image(
    scripted: Scripted, connect: Callable[..., Client], image: Path
) -> None:
    busy = json.dumps({"type": "urn:brainlens:problem:service-busy"}).encode()
    scripted.script = [(503, {}, busy)] * 9

    reply = connect(scripted.url).send(image)

    assert (reply.answer, reply.error, reply.repeats) == (None, "service_busy", 3)


def test_lost_connection_is_tried_again(
    scripted: Scripted, connect: Callable[..., Client], image: Path
) -> None:
    client = connect(scripted.url)

    lost = client.send(image)
    again = client.send(image)
    scripted.script = [(200, {}, b"{}"), (503, {}, b""), (200, {}, b"{}")]
    back = client.send(image)
    patient = client.send(image)

    assert (lost.error, lost.repeats) == ("connection_lost", 3)
    # It has waited in vain once; the next image does not, until the service is back.
    assert (again.error, again.repeats) == ("connection_lost", 0)
    assert back.answer == {}
    assert patient.repeats == 1


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (415, json.dumps(PROBLEM).encode(), "not_an_image"),
        (404, b"<html>", "status_404"),
        (400, b"[]", "status_400"),
        (422, b'{"type": 7}', "status_422"),
        (200, b"<html>", "not_an_answer"),
        (200, b"[]", "not_an_answer"),
    ],
)
def test_refusal_is_final_and_has_a_reason(
    scripted: Scripted,
    connect: Callable[..., Client],
    image: Path,
    status: int,
    body: bytes,
    error: str,
) -> None:
    scripted.script = [(status, {}, body), (200, {}, b"{}")]

    reply = connect(scripted.url).send(image)

    assert (reply.answer, reply.error, reply.repeats) == (None, error, 0)


def test_file_that_cannot_be_sent_is_not(
    scripted: Scripted,
    connect: Callable[..., Client],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_module, "Limits", lambda: Limits(max_bytes=3))
    (tmp_path / "big").write_bytes(b"1234")

    assert connect(scripted.url).send(tmp_path / "big").error == "image_too_large"
    assert connect(scripted.url).send(tmp_path / "none").error == "file_unreadable"
    assert scripted.bodies == []


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"models": 1}'])
def test_another_service_is_told_from_ours(
    scripted: Scripted, connect: Callable[..., Client], body: bytes
) -> None:
    scripted.script = [(200, {}, body)]

    with pytest.raises(ServiceUnavailable, match="not BrainLens"):
        connect(scripted.url).state()


def test_no_service_says_how_to_start_one(connect: Callable[..., Client]) -> None:
    service = Scripted()
    service.server.server_close()

    with pytest.raises(ServiceUnavailable) as caught:
        connect(service.url).state()

    assert "brainlens serve" in caught.value.hint


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://x", "http://", "http://x:y"])
def test_bad_address_is_said(connect: Callable[..., Client], url: str) -> None:
    with pytest.raises(UsageError) as caught:
        connect(url)

    assert "http://127.0.0.1:8000" in caught.value.hint


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), ("9999", 60), ("-3", 0), ("soon", 0), ("", 0)],
)
def test_retry_after_in_seconds(value: str, seconds: float) -> None:
    response = httpx.Response(503, headers={"Retry-After": value})

    assert _retry_after_s(response, lambda: 0.0) == seconds


def test_retry_after_as_a_date() -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    later = format_datetime(now + timedelta(seconds=5), usegmt=True)
    response = httpx.Response(503, headers={"Retry-After": later})

    assert _retry_after_s(response, now.timestamp) == 5
    assert _retry_after_s(response, lambda: now.timestamp() + 60) == 0
