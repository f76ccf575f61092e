import base64
import hashlib
import re

import pytest

from brainlens.errors import ImageError
from brainlens.inference.answer import Answer
from brainlens.inference.gates.gate import ABSTAINING, REJECTING
from brainlens.server.problems import KINDS, MEDIA_TYPE, Problem
from brainlens.server.refusals import MethodRefused, NotFound, Refusal
from brainlens.words import AID, NOT_A_DEVICE

from ..live_service import Live


def test_document_states_every_problem(live: Live) -> None:
    document = live.get("/openapi.json").json()
    told = {
        example["value"]["type"]
        for path in document["paths"].values()
        for operation in path.values()
        for status, response in operation["responses"].items()
        if not status.startswith("2")
        for example in response["content"][MEDIA_TYPE]["examples"].values()
    }

    # The first two are no kinds of their own but what unknown ones would be told as.
    others = {ImageError, Refusal, NotFound, MethodRefused}
    assert told >= {kind.type for error, kind in KINDS.items() if error not in others}
    assert "urn:brainlens:problem:internal" in told
    assert "Problem" in document["components"]["schemas"]
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert AID in document["info"]["description"]
    assert NOT_A_DEVICE in document["info"]["description"]


def test_document_says_how_to_send_a_key(live: Live) -> None:
    document = live.get("/openapi.json").json()
    schemes = document["components"]["securitySchemes"].values()

    assert {scheme["type"] for scheme in schemes} == {"http", "apiKey"}
    assert "security" in document["paths"]["/predict"]["post"]
    assert "security" not in document["paths"]["/livez"]["get"]


def test_examples_keep_their_schemas(live: Live) -> None:
    responses = live.get("/openapi.json").json()["paths"]["/predict"]["post"]["responses"]
    answers = responses["200"]["content"]["application/json"]["examples"]

    statuses = [Answer.model_validate(e["value"]).status for e in answers.values()]

    assert list(answers) == ["answered", "explained", *ABSTAINING, *REJECTING]
    assert statuses == ["answered"] * 2 + ["abstained"] * len(ABSTAINING) + ["rejected"]
    for name, example in answers.items():
        assert example["value"]["reasons"] == ([name] if name in (*ABSTAINING, *REJECTING) else [])
        assert set(example["value"]["message"]) == {"en", "fr"}
    for status, response in responses.items():
        for media_type, media in response["content"].items():
            if media_type == MEDIA_TYPE:
                for example in media["examples"].values():
                    assert Problem.model_validate(example["value"]).status == int(status)


def test_parameters_are_described(live: Live) -> None:
    operation = live.get("/openapi.json").json()["paths"]["/predict"]["post"]

    assert {p["name"] for p in operation["parameters"]} == {
        "model",
        "threshold",
        "explain",
        "classes",
    }
    assert all(p["description"] for p in operation["parameters"])
    assert set(operation["requestBody"]["content"]) >= {"multipart/form-data", "image/*"}


def test_page_shows_the_document_and_loads_nothing(live: Live) -> None:
    response = live.get("/docs")
    page = response.text

    assert response.headers["content-type"].startswith("text/html")
    for path in live.get("/openapi.json").json()["paths"]:
        assert f"<code>{path}</code>" in page
    assert "not_an_image" in page
    assert NOT_A_DEVICE in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)


def test_page_may_use_its_own_style_only(live: Live) -> None:
    response = live.get("/docs")
    style = re.search(r"<style>(.*)</style>", response.text, re.S)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()

    policy = response.headers["content-security-policy"]

    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("path", ["/", "/docs", "/nothing", "/openapi.json"])
def test_answers_carry_the_security_headers(live: Live, path: str) -> None:
    headers = live.get(path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["referrer-policy"] == "same-origin"
    assert "server" not in headers
