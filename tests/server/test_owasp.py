"""The OWASP API Security Top 10 of 2023: one test for each item that can meet this service.

docs/security.md says of each what stands against it, and where the rest is tested.
"""

import io
import json
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from PIL import Image

from brainlens import __version__
from brainlens.errors import ServiceBusy
from brainlens.server.attempts import ALLOWED
from brainlens.server.keys.scope import Scope
from brainlens.server.security_headers import HEADERS

from ..live_service import Live, Run
from .test_access import TABLE, bearer
from .test_route_open_inference import infer_request
from .test_route_predict import problem


@pytest.fixture
def closed(run_service: Run) -> Iterator[Live]:
    """Return a service that has keys."""
    with run_service(workers=1) as live:
        for scope in Scope:
            live.service.storage.keys.create(str(scope), (scope,))
        yield live


def key(live: Live, *scopes: Scope, name: str = "another") -> dict[str, str]:
    """Return the headers of a new key."""
    return bearer(live.service.storage.keys.create(name, scopes)[1])


def untold(response: httpx.Response) -> dict[str, Any]:
    """Return a problem without what tells one request from the next."""
    return {k: v for k, v in response.json().items() if k != "instance"}


def test_api1_objects_of_others_are_as_if_they_were_not_there(
    closed: Live, slice_png: Callable[..., bytes]
) -> None:
    owner, other = key(closed, Scope.PREDICT, name="a"), key(closed, Scope.PREDICT, name="b")
    made = closed.post("/predict", content=slice_png(0), headers=owner).json()["prediction_id"]

    there = closed.get(f"/predictions/{made}", headers=other)
    nowhere = closed.get(f"/predictions/{'0' * 32}", headers=other)
    comment = closed.post(f"/predictions/{made}/feedback", json={"class": "beta"}, headers=other)

    assert closed.get(f"/predictions/{made}", headers=owner).status_code == 200
    assert there.status_code == nowhere.status_code == comment.status_code == 404
    assert untold(there) == untold(nowhere)
    assert problem(comment) == "unknown-prediction"
    # And nobody finds one by counting: the identifier is 128 random bits.
    again = closed.post("/predict", content=slice_png(0), headers=owner).json()["prediction_id"]
    assert bin(int(made, 16) ^ int(again, 16)).count("1") > 20


def test_api2_who_asks_is_known_or_refused(closed: Live, slice_png: Callable[..., bytes]) -> None:
    store, image = closed.service.storage.keys, slice_png(0)
    _, expired = store.create("old", (Scope.PREDICT,), lifetime_s=0)
    _, good = store.create("good", (Scope.PREDICT,))
    tampered = good[:-1] + ("0" if good[-1] != "0" else "1")
    unsigned = jwt.encode({"scope": "brainlens:predict"}, "", algorithm="none")
    for sent in (expired, tampered, good.upper(), unsigned, "null"):
        assert closed.post("/predict", content=image, headers=bearer(sent)).status_code == 401
    assert closed.post("/predict", content=image, headers=bearer(good)).status_code == 200

    for _ in range(ALLOWED):
        closed.post("/predict", content=image, headers=bearer(tampered))

    # Guessing stops, a right guess included.
    assert problem(closed.post("/predict", content=image, headers=bearer(good))) == (
        "too-many-attempts"
    )


def test_api3_no_property_is_set_or_shown_that_is_not_offered(
    closed: Live, slice_png: Callable[..., bytes]
) -> None:
    caller = key(closed, Scope.PREDICT)
    made = closed.post("/predict", content=slice_png(0), headers=caller).json()["prediction_id"]
    path = f"/predictions/{made}/feedback"
    for more in ("key_id", "time", "feedback_id", "prediction_id", "mac", "scopes"):
        answer = closed.post(path, json={"class": "beta", more: "x"}, headers=caller)
        assert problem(answer) == "bad-parameter"

    record = closed.get(f"/predictions/{made}", headers=caller).json()
    schemas = closed.get("/openapi.json").json()["components"]["schemas"]

    assert record["feedback"] == []
    assert set(record) == set(schemas["PredictionRecord"]["properties"])
    assert not {"mac", "writer", "seq", "secret", "image", "address"} & set(record)


def _bomb(side: int) -> bytes:
    """Return a PNG of few bytes that stands for side x side pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    rows = zlib.compress(bytes(side + 1) * 64, 9)
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_api4_every_resource_has_a_bound(run_service: Run, slice_png: Callable[..., bytes]) -> None:
    image = slice_png(0)
    with run_service(
        workers=1, queue_length=0, max_upload_bytes=100_000, rate_limit=1, rate_burst=8
    ) as live:
        assert problem(live.post("/predict", content=bytes(100_001))) == "image-too-large"
        assert problem(live.post("/predict", content=_bomb(60_000))) == "image-too-large"
        path = f"/predictions/{'0' * 32}/feedback"
        body = json.dumps({"class": "x" * 70_000})
        told = live.post(path, content=body, headers={"Content-Type": "application/json"})
        assert told.status_code == 413
        assert live.get("/livez", headers={"X-A": "x" * 70_000}).status_code == 431
        with live.service.pool.place(), pytest.raises(ServiceBusy), live.service.pool.place():
            pass
        with live.service.pool.place():
            busy = live.post("/predict", content=image)
        asked = [live.post("/predict", content=image) for _ in range(8)]

    assert problem(busy) == "service-busy"
    assert int(busy.headers["retry-after"]) >= 1
    assert problem(asked[-1]) == "too-many-requests"
    assert int(asked[-1].headers["retry-after"]) >= 1


def test_api5_functions_of_others_are_refused_however_they_are_named(closed: Live) -> None:
    caller = key(closed, Scope.PREDICT, Scope.READ)
    for path in ("/admin/models/tiny", "/admin/models/tiny/", "/ADMIN/models/tiny"):
        for method in ("POST", "GET", "PUT", "DELETE", "PATCH"):
            answer = closed.client.request(method, path, json={"path": "x"}, headers=caller)
            assert answer.status_code in {403, 404, 405}
    for header in ("X-HTTP-Method-Override", "X-Original-URL", "X-Rewrite-URL", "X-Admin"):
        answer = closed.post(
            "/admin/models/tiny", json={"path": "x"}, headers={**caller, header: "POST"}
        )
        assert problem(answer) == "scope-needed"
    wrong = {"X-Original-URL": "/metrics", **key(closed, Scope.PREDICT, name="b")}
    assert closed.get("/metrics", headers=wrong).status_code == 403
    assert "process_" not in closed.get("/livez", headers=wrong).text


def test_api6_asking_by_the_thousand_is_limited_through_every_door(
    run_service: Run, slice_png: Callable[..., bytes]
) -> None:
    # To copy a model, or to learn whom it was trained on, takes very many predictions.
    with run_service(rate_limit=1, rate_burst=4) as live:
        caller = key(live, Scope.PREDICT)
        doors: list[Callable[[], httpx.Response]] = [
            lambda: live.post("/predict", content=slice_png(0), headers=caller),
            lambda: live.post(
                "/v2/models/tiny/infer", json=infer_request(slice_png(0)), headers=caller
            ),
        ]
        statuses = [doors[i % 2]().status_code for i in range(6)]
        lowered = [
            live.post(f"{path}?threshold=0", content=b"x", headers=key(live, Scope.PREDICT, name=n))
            for n, path in (("b", "/predict"), ("c", "/v2/models/tiny/infer"))
        ]

    assert statuses == [200, 200, 200, 200, 429, 429]
    # Nor does anybody get answers that the threshold keeps back.
    assert [problem(answer) for answer in lowered] == ["threshold-lowered"] * 2


@contextmanager
def _listener() -> Iterator[tuple[str, list[bytes]]]:
    """Give a URL, and the list of what is sent there."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    heard.append(connection.recv(1000))

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/x", heard
        finally:
            done.set()
            thread.join()


def _pointing_at(url: str) -> list[bytes]:
    """Return uploads that would have a careless reader fetch ``url``."""
    picture = Image.new("L", (8, 8))
    picture.info["Software"] = url
    plain = io.BytesIO()
    picture.save(plain, "PNG")
    return [
        url.encode(),
        f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}"/></svg>'.encode(),
        f'<!DOCTYPE a [<!ENTITY b SYSTEM "{url}">]><a>&b;</a>'.encode(),
        f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n({url}) run".encode(),
        f"push graphic-context\nfill 'url({url})'".encode(),
        plain.getvalue(),
    ]


def test_api7_nothing_that_is_sent_makes_the_service_ask_elsewhere(closed: Live) -> None:
    caller = key(closed, Scope.PREDICT, Scope.ADMIN)
    with _listener() as (url, heard):
        for upload in _pointing_at(url):
            closed.post("/predict", content=upload, headers=caller)
            closed.post("/v2/models/tiny/infer", json=infer_request(upload), headers=caller)
        for path in (f"/predict?model={url}", f"/predict?explain=true&classes={url}"):
            closed.post(path, content=b"x", headers={**caller, "Referer": url, "X-Callback": url})
        closed.post("/admin/models/tiny", json={"path": url}, headers=caller)
        closed.post("/predict", content=b"x", headers={"Authorization": f"Bearer {url}"})
        assert heard == []
        # It would have been heard.
        with socket.create_connection(("127.0.0.1", int(url.split(":")[2].split("/")[0]))) as me:
            me.sendall(b"hello")
            me.shutdown(socket.SHUT_WR)
            me.recv(1)

    assert heard == [b"hello"]


@pytest.mark.parametrize("path", ["/", "/page", "/docs", "/nothing", "/predict", "/v2", "/metrics"])
def test_api8_every_answer_is_closed_to_other_pages_and_says_nothing_of_itself(
    closed: Live, path: str
) -> None:
    answer = closed.get(path, headers={"Accept": "*/*"})
    foreign = closed.get(path, headers={"Origin": "https://elsewhere.example"})
    asked = closed.client.options(
        path, headers={"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    )

    for name in HEADERS:
        assert name in answer.headers
    assert "'unsafe" not in answer.headers["content-security-policy"]
    assert not {"server", "x-powered-by"} & set(answer.headers)
    assert foreign.status_code == asked.status_code == 403
    for one in (answer, foreign, asked):
        assert not [name for name in one.headers if name.startswith("access-control")]
        assert "Traceback" not in one.text
        assert "site-packages" not in one.text


def test_api8_a_failure_within_says_nothing_of_itself(
    closed: Live, slice_png: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the secret is /srv/secret")

    caller = key(closed, Scope.PREDICT)
    monkeypatch.setattr("brainlens.server.answering.Record.of", fail)

    answer = closed.post("/predict", content=slice_png(0), headers=caller)

    assert answer.status_code == 500
    assert problem(answer) == "internal"
    assert "secret" not in answer.text


def test_api9_every_route_is_on_the_list_and_described(closed: Live) -> None:
    document = closed.get("/openapi.json").json()
    described = {
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method in operations
    }
    listed = {route.split("?")[0] for route in TABLE}
    for_people = {"GET /page", "GET /page/{path}", "GET /docs", "GET /openapi.json"}

    assert listed - for_people == described
    assert document["info"]["version"] == __version__
    for path in ("/redoc", "/v1", "/debug", "/console", "/.git/config", "/.env", "/docs/oauth2"):
        assert closed.get(path).status_code == 404


def test_api10_what_the_identity_provider_says_is_not_trusted_blindly(
    run_service: Run, slice_png: Callable[..., bytes]
) -> None:
    with _listener() as (url, heard):
        asked: list[str] = []

        class Elsewhere(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(302)
                self.send_header("Location", url)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as provider:
            threading.Thread(target=provider.serve_forever).start()
            issuer = f"http://127.0.0.1:{provider.server_port}"
            with run_service(oidc_issuer=issuer, oidc_audience="brainlens") as live:
                token = jwt.encode(
                    {"iss": issuer, "aud": "brainlens", "exp": 2**40},
                    rsa.generate_private_key(65537, 2048),
                    algorithm="RS256",
                    headers={"kid": "k", "jku": url},
                )
                answer = live.post("/predict", content=slice_png(0), headers=bearer(token))
            provider.shutdown()

    # Neither where the provider sends it nor where a token points does the service go.
    assert asked == ["/.well-known/openid-configuration"]
    assert answer.status_code == 503
    assert heard == []
