import pytest

from brainlens import errors
from brainlens.server import refusals
from brainlens.server.problems import INTERNAL, KINDS, kind_of, problem_response

from ..live_service import Live

SCOPE = {"state": {"request_id": "00000000-0000-4000-8000-000000000000"}}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.EmptyImage("x"), 400),
        (errors.UnreadableImage("x"), 400),
        (errors.ImageTooLarge("x"), 413),
        (errors.NotAnImage("x"), 415),
        (refusals.NoFile("x"), 422),
        (errors.ServiceBusy("x"), 503),
        (errors.BundleInvalid("x"), 500),
        (ValueError("x"), 500),
    ],
)
def test_status_of_errors(error: Exception, status: int) -> None:
    assert kind_of(error).status == status
    assert problem_response(error, SCOPE).status_code == status


def test_subclass_is_told_as_its_ancestor() -> None:
    class OddImage(errors.ImageError):
        code = "odd"

    assert kind_of(OddImage("x")).code == "bad_image"


def test_types_are_distinct_and_uniform() -> None:
    types = [kind.type for kind in [*KINDS.values(), INTERNAL]]

    assert len(set(types)) == len(types)
    assert all(t.startswith("urn:brainlens:problem:") and "_" not in t for t in types)


@pytest.mark.parametrize("error", [ValueError("secret"), errors.StorageError("secret", hint="s")])
def test_inner_errors_say_nothing_of_themselves(error: Exception) -> None:
    body = bytes(problem_response(error, SCOPE).body)

    assert b"secret" not in body
    assert b"urn:brainlens:problem:internal" in body


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not-found"),
        ("GET", "/predict", 405, "method-not-allowed"),
        ("POST", "/", 405, "method-not-allowed"),
        ("DELETE", "/predict", 405, "method-not-allowed"),
    ],
)
def test_wrong_addresses_are_problems_too(
    live: Live, method: str, path: str, status: int, code: str
) -> None:
    response = live.client.request(method, path)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == f"urn:brainlens:problem:{code}"
    assert ("allow" in response.headers) == (status == 405)


@pytest.mark.parametrize("body", [b"\xff", b'{"class": "\xe9"}', b"[" * 10_000, b"{"])
def test_a_body_that_is_no_json_is_a_bad_parameter(live: Live, body: bytes) -> None:
    path = f"/predictions/{'0' * 32}/feedback"

    response = live.post(path, content=body, headers={"Content-Type": "application/json"})

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
