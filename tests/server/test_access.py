"""The table of docs/service.md, row by row, against a service that has keys."""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute

from brainlens.server import access, routes
from brainlens.server.attempts import ALLOWED
from brainlens.server.keys.scope import Scope
from brainlens.server.problems import kind_of
from brainlens.server.refusals import KeyNeeded, KeysFirst, ScopeNeeded, TooManyAttempts

from ..live_service import Live, Run
from .test_route_open_inference import infer_request
from .test_route_predict import problem

_DOCUMENT = Path(__file__).parents[2] / "docs" / "service.md"
_COLUMNS = ("no key", "predict", "read", "admin")
_LOWER = "POST /predict?threshold="


def _table() -> dict[str, dict[str, str]]:
    """Return route → column → cell."""
    lines = _DOCUMENT.read_text().splitlines()
    start = lines.index(f"| route | {' | '.join(_COLUMNS)} |")
    rows = {}
    for line in lines[start + 2 :]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != len(_COLUMNS) + 1:
            break
        name = re.match(r"`([^`]+)`", cells[0])
        assert name
        rows[name[1]] = dict(zip(_COLUMNS, cells[1:], strict=True))
    return rows


TABLE = _table()


@dataclass(frozen=True)
class Guarded:
    """A service with keys, and predictions asked with two of them."""

    live: Live
    keys: dict[str, str]
    own: dict[str, str]
    other: str
    image: bytes


@pytest.fixture(scope="module")
def guarded(
    run_service: Run, slice_png: Callable[..., bytes], tiny_bundle: Path
) -> Iterator[Guarded]:
    with run_service(workers=1, bundle_dirs=(tiny_bundle.parent,)) as live:
        store = live.service.storage.keys
        keys = {str(s): store.create(str(s), (s,))[1] for s in Scope}
        keys["both"] = store.create("both", (Scope.PREDICT, Scope.READ))[1]
        keys["other"] = store.create("other", (Scope.PREDICT,))[1]
        image = slice_png(0)
        own = {
            name: live.post("/predict", content=image, headers=bearer(keys[name])).json()[
                "prediction_id"
            ]
            for name in ("predict", "admin", "both", "other")
        }
        yield Guarded(live, keys, own, own["other"], image)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _ask(guarded: Guarded, route: str, headers: dict[str, str], prediction: str) -> httpx.Response:
    method, path = route.split(" ", 1)
    path = path.replace("{prediction_id}", prediction).replace("{name}", "tiny")
    path = path.replace("{path}", "index.html")
    if route == _LOWER:
        path += "0.1"
    options: dict[str, object] = {}
    if path.startswith("/predict?") or path == "/predict":
        options["content"] = guarded.image
    elif path.endswith("/infer"):
        options["json"] = infer_request(guarded.image)
    elif path.startswith("/admin/models/"):
        options["json"] = {"path": "tiny"}
    elif method == "POST":
        options["json"] = {"class": "alpha"}
    return guarded.live.client.request(method, path, headers=headers, **options)  # type: ignore[arg-type]  # body


@pytest.mark.parametrize("column", _COLUMNS)
@pytest.mark.parametrize("route", TABLE)
def test_the_table_is_what_happens(guarded: Guarded, route: str, column: str) -> None:
    cell = TABLE[route][column]
    headers = {} if column == "no key" else bearer(guarded.keys[column])

    answer = _ask(guarded, route, headers, guarded.other)

    if cell == "yes":
        assert answer.is_success
    elif cell == "own":
        assert problem(answer) == "unknown-prediction"
        assert _ask(guarded, route, headers, guarded.own[column]).is_success
    else:
        assert cell == "no"
        refused = {"no key": "key-needed"}.get(column, "scope-needed")
        expected = "threshold-lowered" if route == _LOWER and column == "predict" else refused
        assert problem(answer) == expected


def test_who_may_read_all_may_not_comment_on_all(guarded: Guarded) -> None:
    both = bearer(guarded.keys["both"])
    path = f"/predictions/{guarded.other}"

    assert guarded.live.get(path, headers=both).status_code == 200
    answer = guarded.live.post(f"{path}/feedback", headers=both, json={"class": "alpha"})
    assert problem(answer) == "unknown-prediction"


def test_every_route_has_its_row() -> None:
    documented = {route.split("?")[0] for route in TABLE}
    served = {"GET /openapi.json"}
    for module in pkgutil.iter_modules(routes.__path__):
        router = importlib.import_module(f"{routes.__name__}.{module.name}").router
        for route in router.routes:
            assert isinstance(route, APIRoute)
            path = route.path.replace(":path}", "}")
            served |= {f"{method} {path}" for method in route.methods or ()}

    assert served == documented


@pytest.mark.parametrize(
    "headers",
    [
        lambda key: [("Authorization", f"Bearer {key}")],
        lambda key: [("Authorization", f"bearer  {key}")],
        lambda key: [("X-API-Key", key)],
        lambda key: [("X-API-Key", key), ("Authorization", f"Bearer {key}")],
    ],
)
def test_ways_to_send_a_key(guarded: Guarded, headers) -> None:  # type: ignore[no-untyped-def]  # lambdas above
    sent = headers(guarded.keys["predict"])

    assert guarded.live.post("/predict", content=guarded.image, headers=sent).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        lambda one, other: [],
        lambda one, other: [("Cookie", f"key={one}")],
        lambda one, other: [("X-API-Key", one), ("X-API-Key", other)],
        lambda one, other: [("X-API-Key", one), ("Authorization", f"Bearer {other}")],
        lambda one, other: [("X-API-Key", one), ("Authorization", "Basic eDp5")],
    ],
)
def test_no_key_and_two_keys_are_refused_alike(guarded: Guarded, headers) -> None:  # type: ignore[no-untyped-def]  # lambdas above
    sent = headers(guarded.keys["predict"], guarded.keys["other"])

    answer = guarded.live.post("/predict", content=guarded.image, headers=sent)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="brainlens"'
    assert problem(answer) == "key-needed"


def test_a_key_in_the_address_is_refused(guarded: Guarded) -> None:
    path = f"/predict?key={guarded.keys['predict']}"

    assert guarded.live.post(path, content=guarded.image).status_code == 401


def test_nothing_is_read_before_it_is_known_who_asks(guarded: Guarded) -> None:
    head = "POST /predict HTTP/1.1\nHOST\nContent-Length: 1000000"

    with guarded.live.open(head) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 401")


def test_a_revoked_key_is_refused_by_the_next_request(guarded: Guarded) -> None:
    store = guarded.live.service.storage.keys
    _, key = store.create("short", (Scope.PREDICT,))
    ask = {"content": guarded.image, "headers": bearer(key)}
    assert guarded.live.post("/predict", **ask).status_code == 200

    store.revoke("short")

    assert problem(guarded.live.post("/predict", **ask)) == "key-needed"


def test_failed_attempts_are_limited(
    run_service: Run, slice_png: Callable[..., bytes], ambiguous_png: bytes
) -> None:
    with run_service() as live:
        _, key = live.service.storage.keys.create("a", (Scope.PREDICT,))
        wrong = bearer("bl_" + "0" * 16 + "_" + "0" * 64)
        told = [
            problem(live.post("/predict", content=b"x", headers=wrong)) for _ in range(ALLOWED + 1)
        ]
        answer = live.post("/predict", content=ambiguous_png, headers=bearer(key))

        assert told == ["key-needed"] * ALLOWED + ["too-many-attempts"]
        assert problem(answer) == "too-many-attempts"
        assert 0 < int(answer.headers["retry-after"]) <= 60
        assert live.get("/").status_code == 200


def test_sending_no_key_does_not_count(run_service: Run, ambiguous_png: bytes) -> None:
    with run_service() as live:
        _, key = live.service.storage.keys.create("a", (Scope.PREDICT,))
        for _ in range(ALLOWED + 1):
            assert problem(live.post("/predict", content=b"x")) == "key-needed"

        answer = live.post("/predict", content=ambiguous_png, headers=bearer(key))

        assert answer.status_code == 200


@pytest.mark.parametrize("header", access.PROXY_HEADERS)
def test_a_proxy_is_refused_while_there_are_no_keys(
    live: Live, ambiguous_png: bytes, header: str
) -> None:
    answer = live.post("/predict", content=ambiguous_png, headers={header: "192.0.2.1"})

    assert problem(answer) == "keys-first"
    assert "brainlens keys create" in answer.json()["hint"]


def test_the_first_key_closes_a_running_service(run_service: Run, ambiguous_png: bytes) -> None:
    with run_service() as live:
        assert live.post("/predict", content=ambiguous_png).status_code == 200

        live.service.storage.keys.create("a", (Scope.PREDICT,))

        assert live.post("/predict", content=ambiguous_png).status_code == 401


@pytest.mark.parametrize(
    ("proxies", "limited"), [((), True), (("127.0.0.1",), False), (("127.0.0.0/8",), False)]
)
def test_a_proxys_word_is_believed_only_where_it_is_trusted(
    run_service: Run, proxies: tuple[str, ...], limited: bool
) -> None:
    with run_service(trusted_proxies=proxies) as live:
        _, key = live.service.storage.keys.create("a", (Scope.PREDICT,))
        for _ in range(ALLOWED):
            wrong = {"X-API-Key": "wrong", "X-Forwarded-For": "192.0.2.1"}
            live.post("/predict", content=b"x", headers=wrong)
        codes = [
            live.get(
                f"/predictions/{'0' * 32}", headers={"X-API-Key": key, "X-Forwarded-For": address}
            ).status_code
            for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1, 192.0.2.3")
        ]

    assert codes == ([429, 429, 429] if limited else [429, 404, 404])


def test_a_trusted_proxys_scheme_makes_the_services_own_origin(
    run_service: Run, ambiguous_png: bytes
) -> None:
    with run_service(trusted_proxies=("127.0.0.1",)) as live:
        _, key = live.service.storage.keys.create("a", (Scope.PREDICT,))
        own = {"Origin": live.url.replace("http:", "https:"), "X-Forwarded-Proto": "https"}

        answer = live.post("/predict", content=ambiguous_png, headers={**own, **bearer(key)})

    assert answer.status_code == 200


def test_statuses_are_those_of_the_standards() -> None:
    assert [kind_of(error("")).status for error in (KeyNeeded, ScopeNeeded, KeysFirst)] == [
        401,
        403,
        403,
    ]
    assert kind_of(TooManyAttempts(1.0)).status == 429
