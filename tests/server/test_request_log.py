import asyncio
import json
import logging
import uuid

import httpx
import pytest
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from brainlens.server import request_log
from brainlens.server.request_log import RequestLog, UnfinishedAnswer

from ..live_service import Live


def ask(app: ASGIApp, path: str = "/") -> httpx.Response:
    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path)

    return asyncio.run(go())


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [json.loads(r.getMessage()) for r in caplog.records if r.name == "brainlens.server"]


def broken() -> FastAPI:
    app = FastAPI(middleware=[Middleware(RequestLog, on_answered=lambda *_: None)])

    @app.get("/broken/{patient}")
    async def fail(patient: str) -> None:
        raise ValueError(f"cannot read the scan of {patient}")

    return app


def test_unforeseen_error_is_a_problem_without_detail(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "brainlens.server"):
        response = ask(broken(), "/broken/jane-doe")

    assert response.status_code == 500
    assert response.json()["type"] == "urn:brainlens:problem:internal"
    assert "jane" not in response.text
    error, request = lines(caplog)
    assert error["error"] == "ValueError"
    assert str(error["places"][-1]).startswith("fail:")  # type: ignore[index]  # JSON
    assert error["request_id"] == request["request_id"] == response.headers["x-request-id"]
    assert request["status"] == 500
    assert request["route"] == "/broken/{patient}"
    assert "jane" not in caplog.text


def test_each_request_has_its_own_name() -> None:
    ids = {ask(broken()).headers["x-request-id"] for _ in range(3)}

    assert len({uuid.UUID(i) for i in ids}) == 3


def test_answer_that_breaks_off_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError("secret")

    with pytest.raises(UnfinishedAnswer) as caught:
        ask(RequestLog(half, on_answered=lambda *_: None))

    assert "secret" not in repr(caught.value)
    assert caught.value.__suppress_context__


def test_other_protocols_pass() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    async def nothing() -> Message:
        raise AssertionError

    async def check() -> None:
        await RequestLog(app, on_answered=lambda *_: None)({"type": "lifespan"}, nothing, nothing)  # type: ignore[arg-type]

    asyncio.run(check())

    assert seen == ["lifespan"]


def test_lines_hold_nothing_that_the_caller_chose(
    live: Live, ambiguous_png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    monkeypatch.setattr(request_log.LOGGER, "handlers", [Keep()])
    monkeypatch.setattr(request_log.LOGGER, "disabled", False)
    level = request_log.LOGGER.level
    request_log.LOGGER.setLevel(logging.DEBUG)
    # A line is written once its answer has gone out: waited for, so that they keep their order.
    live.post("/predict", files={"file": ("JaneDoe.png", ambiguous_png)})
    live.wait_until(lambda _: len(said) == 1)
    live.get("/JaneDoe", params={"name": "JaneDoe"}, headers={"X-Name": "JaneDoe"})
    live.wait_until(lambda _: len(said) == 2)
    live.post("/predict?JaneDoe=1", content=b"JaneDoe")
    live.wait_until(lambda _: len(said) == 3)
    request_log.LOGGER.setLevel(level)

    service_lines = [json.loads(line) for line in said]
    assert [line["route"] for line in service_lines] == ["/predict", "(no route)", "/predict"]
    assert [line["status"] for line in service_lines] == [200, 404, 422]
    assert "JaneDoe" not in json.dumps(service_lines)


@pytest.mark.parametrize("answered", [False, True])
def test_a_request_that_the_services_end_cuts_off_is_told_so(answered: bool) -> None:
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if answered:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.Event().wait()

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    async def check() -> None:
        layer = RequestLog(app, on_answered=lambda *_: None)
        scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
        task = asyncio.create_task(layer(scope, receive, send))
        await asyncio.sleep(0.01)
        task.cancel()
        if answered:
            # Half an answer is out: the server must cut the connection.
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            await task

    asyncio.run(check())

    assert sent[0]["status"] == (200 if answered else 503)
    assert len(sent) == (1 if answered else 2)
