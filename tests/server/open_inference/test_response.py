import json
import struct
from typing import Any

import pytest

from brainlens.inference.answer import Answer, InputInfo, ModelInfo
from brainlens.server.open_inference.request import InferenceRequest
from brainlens.server.open_inference.response import render
from brainlens.server.open_inference.tensor import OUTPUTS, binary


def answer(**changed: Any) -> Answer:
    given: dict[str, Any] = {
        "prediction_id": "a" * 32,
        "status": "rejected",
        "reasons": ("not_mr",),
        "message": {"en": "No.", "fr": "Non."},
        "predicted_class": None,
        "display_name": None,
        "confidence": None,
        "probabilities": None,
        "threshold": 0.7,
        "seen_in_training": True,
        "input": InputInfo(format="png", width=1, height=1, sha256="0" * 64),
        "model": ModelInfo(name="m", version="1", decision_sha256="0" * 64),
        "timings_ms": {"total": 1.0},
    }
    return Answer(**given | changed)


def request(**more: Any) -> InferenceRequest:
    given = {"name": "image", "shape": [1], "datatype": "BYTES", "data": ["x"]}
    return InferenceRequest.model_validate({"inputs": [given], **more})


def test_what_is_null_has_no_elements() -> None:
    response = render(answer(), request(), model="served")

    told = json.loads(bytes(response.body))
    outputs = {o["name"]: (o["shape"], o["data"]) for o in told["outputs"]}
    assert list(outputs) == list(OUTPUTS)
    for name in ("predicted_class", "confidence", "classes", "probabilities", "prediction_set"):
        assert outputs[name] == ([0], [])
    assert outputs["seen_in_training"] == ([1], [True])
    assert told["model_name"] == "served"
    assert "inference-header-content-length" not in response.headers


def test_binary_parts_lie_where_the_json_says() -> None:
    given = answer(
        status="answered",
        predicted_class="é",
        confidence=0.75,
        probabilities={"é": 0.75, "b": 0.25},
    )
    wanted = [
        {"name": "classes", "parameters": {"binary_data": True}},
        {"name": "status", "parameters": {"binary_data": False}},
        {"name": "confidence"},
        {"name": "seen_in_training"},
    ]

    response = render(
        given, request(outputs=wanted, parameters={"binary_data_output": True}), model="m"
    )

    length = int(response.headers["inference-header-content-length"])
    told = json.loads(bytes(response.body[:length]))
    sizes = [o.get("parameters", {}).get("binary_data_size") for o in told["outputs"]]
    assert sizes == [4 + 2 + 4 + 1, None, 8, 1]
    assert bytes(response.body[length:]) == (
        b"\x02\x00\x00\x00"
        + "é".encode()
        + b"\x01\x00\x00\x00b"
        + struct.pack("<d", 0.75)
        + b"\x01"
    )
    assert response.media_type == "application/octet-stream"


@pytest.mark.parametrize(
    ("values", "datatype", "expected"),
    [
        ((), "FP64", b""),
        ((), "BYTES", b""),
        ((True, False), "BOOL", b"\x01\x00"),
        (("",), "BYTES", b"\x00\x00\x00\x00"),
    ],
)
def test_elements_in_binary(values: Any, datatype: Any, expected: bytes) -> None:
    assert binary(values, datatype) == expected
