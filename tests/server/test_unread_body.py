import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from brainlens.server import unread_body
from brainlens.server.unread_body import UnreadBody

from ..live_service import Live, read_answer

HEADERS = {"type": "http", "headers": [(b"content-length", b"100")]}


def drive(app: object, messages: list[Message], scope: Scope) -> tuple[list[Message], int]:
    """Run the middleware over given messages; return what was sent and how many were taken."""
    sent: list[Message] = []
    left = list(messages)

    async def receive() -> Message:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(UnreadBody(app)(scope, receive, send))  # type: ignore[arg-type]  # plain function
    return sent, len(messages) - len(left)


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 413, "headers": []})
    await send({"type": "http.response.body", "body": b"no", "more_body": False})


def chunk(more: bool = True, size: int = 10) -> Message:
    return {"type": "http.request", "body": b"x" * size, "more_body": more}


def test_refusal_goes_out_before_the_rest_is_thrown_away() -> None:
    sent, taken = drive(refuse, [chunk(), chunk(), chunk(more=False)], HEADERS)

    assert (b"connection", b"close") in sent[0]["headers"]
    assert sent[1] == {"type": "http.response.body", "body": b"no", "more_body": True}
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert taken == 3


def test_client_that_leaves_ends_it() -> None:
    sent, taken = drive(refuse, [chunk(), {"type": "http.disconnect"}, chunk()], HEADERS)

    assert taken == 2
    assert sent[-1]["more_body"] is False


def test_bytes_thrown_away_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread_body, "LINGER_BYTES", 25)

    _, taken = drive(refuse, [chunk() for _ in range(50)], HEADERS)

    assert taken == 3


def test_time_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread_body, "LINGER_SECONDS", 0.01)

    sent, _ = drive(refuse, [chunk()], HEADERS)

    assert sent[-1]["more_body"] is False


def test_body_read_whole_changes_nothing() -> None:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await refuse(scope, receive, send)

    sent, _ = drive(answer, [chunk(), chunk(more=False)], HEADERS)

    assert [m["type"] for m in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["headers"] == []


def test_request_without_a_body_changes_nothing() -> None:
    sent, taken = drive(refuse, [], {"type": "http", "headers": []})

    assert len(sent) == 2
    assert taken == 0


def test_parts_of_an_answer_pass_as_they_are() -> None:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b", "more_body": False})

    sent, _ = drive(answer, [chunk(more=False)], HEADERS)

    assert b"".join(m.get("body", b"") for m in sent) == b"ab"


def test_wrong_path_with_a_large_body_is_told(live: Live) -> None:
    with live.open("POST /nothing HTTP/1.1\nHOST\nContent-Length: 9999999", b"x") as connection:
        response, body = read_answer(connection)

    assert response.status == 404
    assert b"not-found" in body
