import base64
import json
import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainlens.errors import BrainLensError, EmptyImage, ImageTooLarge
from brainlens.server.open_inference.request import ENVELOPE_BYTES, body_envelope, take_request
from brainlens.server.refusals import BadParameter


def described(**more: Any) -> dict[str, Any]:
    return {"name": "image", "shape": [1], "datatype": "BYTES", **more}


def binary(image: bytes, **changed: Any) -> tuple[bytes, str]:
    """Return a body whose image follows the JSON, and how long the JSON is."""
    blob = struct.pack("<I", len(image)) + image
    given = described(parameters={"binary_data_size": len(blob)}) | changed
    text = json.dumps({"inputs": [given]}).encode()
    return text + blob, str(len(text))


def whole(**more: Any) -> bytes:
    return json.dumps({"inputs": [described(**more)]}).encode()


@given(image=st.binary(min_size=1, max_size=200))
def test_every_image_comes_out_as_it_went_in(image: bytes) -> None:
    body, length = binary(image)
    text = base64.b64encode(image).decode()
    as_text = whole(parameters={"content_type": "base64"}, data=[text])

    assert take_request(body, length, max_bytes=200).image == image
    assert take_request(as_text, None, max_bytes=200).image == image


@given(text=st.text(min_size=1, max_size=50))
def test_a_string_is_its_utf8(text: str) -> None:
    assert take_request(whole(data=[text]), None, max_bytes=200).image == text.encode()


@given(body=st.binary(max_size=100), length=st.none() | st.text(max_size=5))
def test_no_body_raises_anything_else(body: bytes, length: str | None) -> None:
    with suppress(BrainLensError):
        take_request(body, length, max_bytes=50)


@given(cut=st.integers(1, 60))
def test_what_was_cut_is_refused(cut: int) -> None:
    body, length = binary(b"x" * 50)

    with pytest.raises(BadParameter):
        take_request(body[:-cut], length, max_bytes=50)


@pytest.mark.parametrize("length", ["0", "-1", "+10", "1e1", " 10", "99999", "9" * 4400, "٣", ""])
def test_impossible_lengths_are_refused(length: str) -> None:
    body, _ = binary(b"x")

    with pytest.raises(BadParameter, match="Inference-Header-Content-Length"):
        take_request(body, length, max_bytes=50)


def test_the_json_is_bounded() -> None:
    padded, _ = binary(b"x", shape=[1])
    body = b" " * ENVELOPE_BYTES + padded

    with pytest.raises(BadParameter):
        take_request(body, str(len(body) - 5), max_bytes=50)


@pytest.mark.parametrize(
    ("blob", "size"),
    [
        (struct.pack("<I", 3) + b"ab", 6),
        (struct.pack("<I", 1) + b"ab", 6),
        (struct.pack("<I", 2**32 - 1) + b"ab", 6),
        (b"ab", 2),
        (struct.pack("<I", 2) + b"ab", 5),
        (struct.pack("<I", 2) + b"ab", 0),
        (struct.pack("<I", 1) + b"a" + struct.pack("<I", 1) + b"b", 10),
    ],
)
def test_lengths_that_do_not_meet_are_refused(blob: bytes, size: int) -> None:
    text = whole(parameters={"binary_data_size": size})

    with pytest.raises(BadParameter):
        take_request(text + blob, str(len(text)), max_bytes=50)


@pytest.mark.parametrize(
    "changed",
    [
        {"datatype": "FP32", "data": [0.5]},
        {"datatype": "UINT8", "data": [1]},
        {"name": "other", "data": ["a"]},
        {"shape": [2], "data": ["a", "b"]},
        {"shape": [1, 1], "data": ["a"]},
        {"shape": [], "data": ["a"]},
        {"shape": [1.5], "data": ["a"]},
        {"data": ["a", "b"]},
        {"data": []},
        {"data": [1]},
        {"data": "a"},
        {},
        {"data": ["a"], "parameters": {"binary_data_size": 1}},
        {"data": ["a"], "parameters": {"binary_data_size": -1}},
        {"data": ["a"], "parameters": {"shared_memory_region": "r"}},
        {"data": ["a"], "parameters": {"content_type": "hex"}},
        {"data": ["é"], "parameters": {"content_type": "base64"}},
        {"data": ["a"], "parameters": {"content_type": "base64"}},
        {"data": ["YQ==\n"], "parameters": {"content_type": "base64"}},
    ],
)
def test_other_inputs_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(BadParameter):
        take_request(whole(**changed), None, max_bytes=50)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"inputs": []}',
        b"[" * 10_000,
        b'{"inputs": [{"name": "\\ud800"}]}',
        json.dumps({"inputs": [described(data=["a"])] * 2}).encode(),
        json.dumps({"inputs": [described(data=["a"])], "outputs": [{"name": "x"}]}).encode(),
        json.dumps({"inputs": [described(data=["a"])], "id": "i" * 257}).encode(),
        json.dumps({"inputs": [described(data=["a"])], "parameters": {"sequence_id": 1}}).encode(),
    ],
)
def test_other_requests_are_refused(text: bytes) -> None:
    with pytest.raises(BadParameter):
        take_request(text, None, max_bytes=50)


def test_refusal_does_not_quote_the_request() -> None:
    with pytest.raises(BadParameter) as error:
        take_request(whole(data=["a"], name="Jane Doe"), None, max_bytes=50)

    assert "Jane" not in error.value.message + error.value.hint
    assert "inputs.0.name" in error.value.message


def test_no_bytes_and_too_many() -> None:
    with pytest.raises(EmptyImage):
        take_request(whole(data=[""]), None, max_bytes=50)
    with pytest.raises(ImageTooLarge):
        take_request(whole(data=["a" * 51]), None, max_bytes=50)


def test_base64_of_the_largest_image_fits_into_the_envelope() -> None:
    image = b"x" * 1_000_000
    text = base64.b64encode(image).decode()
    body = whole(parameters={"content_type": "base64"}, data=[text])

    assert len(body) <= len(image) + body_envelope(None, len(image))
    assert body_envelope("10", 10**9) == ENVELOPE_BYTES
