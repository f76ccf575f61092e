import asyncio

import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from brainlens.server.small_body import MAX_BYTES, SmallBody

from ..live_service import Live, Run, read_all, read_answer
from .test_route_predict import problem

FEEDBACK = f"/predictions/{'0' * 32}/feedback"


def test_feedback_too_large_is_refused_by_its_length(live: Live) -> None:
    answer = live.post(FEEDBACK, content=b"x" * (MAX_BYTES + 1))

    assert (answer.status_code, problem(answer)) == (413, "body-too-large")


def test_the_largest_body_is_read(live: Live) -> None:
    content = b'{"class": null}'.ljust(MAX_BYTES)
    answer = live.post(FEEDBACK, content=content, headers={"Content-Type": "application/json"})

    assert problem(answer) == "unknown-prediction"


def test_chunks_are_counted_while_they_come(live: Live) -> None:
    chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    head = f"POST {FEEDBACK} HTTP/1.1\nHOST\nTransfer-Encoding: chunked"
    head += "\nContent-Type: application/json"
    connection = live.open(head, chunk * 5)
    # The body has not ended, and the answer comes all the same.
    response, body = read_answer(connection)
    connection.sendall(chunk * 100 + b"0\r\n\r\n")

    assert response.status == 413
    assert b"body-too-large" in body
    assert read_all(connection) == b""


def test_a_body_that_drips_is_given_up(run_service: Run) -> None:
    with run_service(request_timeout=0.2) as live:
        head = f"POST {FEEDBACK} HTTP/1.1\nHOST\nContent-Length: 100"
        with live.open(head + "\nContent-Type: application/json", b"{") as connection:
            response, body = read_answer(connection)

    assert response.status == 408
    assert b"slow-request" in body


def drive(messages: list[Message], timeout: float) -> list[Message]:
    """Return what an application receives that asks until the client leaves."""
    received: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(0.05)
        return messages.pop(0)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while not received or received[-1]["type"] != "http.disconnect":
            received.append(await receive())

    async def send(_: Message) -> None:
        raise AssertionError

    asyncio.run(SmallBody(app, timeout=timeout)({"type": "http"}, receive, send))
    return received


def test_waiting_for_the_clients_leaving_is_not_bounded() -> None:
    body: Message = {"type": "http.request", "body": b"x", "more_body": False}

    # The first message takes 0.05 s; the second comes after the time is over.
    assert drive([body, {"type": "http.disconnect"}], 0.08)[0] == body


def test_the_time_is_that_of_the_whole_body() -> None:
    part: Message = {"type": "http.request", "body": b"x", "more_body": True}

    with pytest.raises(HTTPException) as caught:
        drive([part] * 50, 0.2)

    assert caught.value.status_code == 408
