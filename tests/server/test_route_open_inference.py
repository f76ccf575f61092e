"""The Open Inference Protocol, spoken by a client that was made for other servers."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton  # type: ignore[import-untyped]
from tritonclient.utils import InferenceServerException  # type: ignore[import-untyped]

from brainlens import __version__
from brainlens.server.keys.scope import Scope
from brainlens.words import DISCLAIMER

from ..live_service import Live, Run
from .test_route_predict import problem


def infer_request(image: bytes, **more: Any) -> dict[str, Any]:
    """Return the JSON of a request with its image in base64."""
    given = {
        "name": "image",
        "shape": [1],
        "datatype": "BYTES",
        "parameters": {"content_type": "base64"},
        "data": [base64.b64encode(image).decode()],
    }
    return {"inputs": [given], **more}


def tensor(image: bytes) -> triton.InferInput:
    given = triton.InferInput("image", [1], "BYTES")
    given.set_data_from_numpy(np.array([image], dtype=np.object_))
    return given


@pytest.fixture
def client(live: Live) -> Iterator[triton.InferenceServerClient]:
    host, port = live.address
    with triton.InferenceServerClient(f"{host}:{port}") as client:
        yield client


def test_client_finds_what_is_there(client: triton.InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("tiny")
    assert not client.is_model_ready("other")
    assert client.get_server_metadata() == {
        "name": "brainlens",
        "version": __version__,
        "extensions": ["binary_tensor_data"],
    }
    metadata = client.get_model_metadata("tiny")
    assert metadata["inputs"] == [{"name": "image", "datatype": "BYTES", "shape": [1]}]
    assert {"name": "probabilities", "datatype": "FP64", "shape": [-1]} in metadata["outputs"]


@pytest.mark.parametrize("index", [0, 1, 2])
def test_client_is_answered_as_predict_answers(
    live: Live,
    client: triton.InferenceServerClient,
    slice_png: Callable[..., bytes],
    index: int,
) -> None:
    image = slice_png(index, seed=7)
    expected = live.post("/predict", content=image).json()

    result = client.infer("tiny", [tensor(image)], request_id="42")

    assert result.as_numpy("status").tolist() == [b"answered"]
    assert result.as_numpy("predicted_class").tolist() == [expected["predicted_class"].encode()]
    assert result.as_numpy("confidence").tolist() == [expected["confidence"]]
    assert result.as_numpy("classes").tolist() == [b"alpha", b"beta", b"gamma"]
    assert result.as_numpy("probabilities").tolist() == list(expected["probabilities"].values())
    assert result.as_numpy("threshold").tolist() == [0.7]
    assert result.as_numpy("seen_in_training").tolist() == [False]
    assert result.as_numpy("reasons").tolist() == []
    told = result.get_response()
    assert told["id"] == "42"
    assert told["model_name"] == "tiny"
    assert told["parameters"]["disclaimer"] == DISCLAIMER
    assert told["parameters"]["decision_sha256"] == expected["model"]["decision_sha256"]
    assert told["parameters"]["message_fr"] == expected["message"]["fr"]


def test_client_chooses_outputs_and_their_form(
    client: triton.InferenceServerClient, ambiguous_png: bytes
) -> None:
    wanted = [
        triton.InferRequestedOutput("status", binary_data=False),
        triton.InferRequestedOutput("probabilities", binary_data=True),
        triton.InferRequestedOutput("reasons", binary_data=True),
    ]

    result = client.infer("tiny", [tensor(ambiguous_png)], outputs=wanted)

    assert [o["name"] for o in result.get_response()["outputs"]] == [
        "status",
        "probabilities",
        "reasons",
    ]
    assert result.get_output("status")["data"] == ["abstained"]
    assert result.as_numpy("reasons").tolist() == [b"low_confidence"]
    assert result.as_numpy("probabilities").sum() == pytest.approx(1)


def test_client_can_raise_the_threshold_and_not_lower_it(
    client: triton.InferenceServerClient, slice_png: Callable[..., bytes]
) -> None:
    raised = client.infer("tiny", [tensor(slice_png(0))], query_params={"threshold": 1.0})
    with pytest.raises(InferenceServerException, match="only raise it") as refused:
        client.infer("tiny", [tensor(slice_png(0))], query_params={"threshold": 0.1})

    assert raised.as_numpy("status").tolist() == [b"abstained"]
    assert refused.value.status() == "403"


def test_client_is_told_what_is_wrong(client: triton.InferenceServerClient) -> None:
    with pytest.raises(InferenceServerException) as error:
        client.infer("tiny", [tensor(b"no image")])

    # The client shows the member `error`, and nothing of its own invention.
    assert error.value.status() == "415"
    assert "exception occurred" not in error.value.message()


def test_raw_tensors_are_refused(client: triton.InferenceServerClient) -> None:
    given = triton.InferInput("image", [1], "FP32")
    given.set_data_from_numpy(np.zeros(1, np.float32))

    with pytest.raises(InferenceServerException, match="datatype") as error:
        client.infer("tiny", [given])

    assert error.value.status() == "422"


def test_shared_memory_is_refused(client: triton.InferenceServerClient) -> None:
    given = triton.InferInput("image", [1], "BYTES")
    given.set_shared_memory("region", 100)

    with pytest.raises(InferenceServerException, match="shared_memory") as error:
        client.infer("tiny", [given])

    assert error.value.status() == "422"


def test_compressed_requests_are_refused(
    client: triton.InferenceServerClient, slice_png: Callable[..., bytes]
) -> None:
    with pytest.raises(InferenceServerException) as error:
        client.infer("tiny", [tensor(slice_png(0))], request_compression_algorithm="gzip")

    assert error.value.status() == "422"


def test_json_alone_is_answered(live: Live, slice_png: Callable[..., bytes]) -> None:
    response = live.post("/v2/models/tiny/infer", json=infer_request(slice_png(1)))

    assert response.headers["content-type"] == "application/json"
    outputs = {o["name"]: o for o in response.json()["outputs"]}
    assert outputs["predicted_class"]["data"] == ["beta"]
    assert outputs["confidence"]["datatype"] == "FP64"
    assert "id" not in response.json()


def test_answer_is_on_record(run_service: Run, slice_png: Callable[..., bytes]) -> None:
    with run_service() as live:
        _, key = live.service.storage.keys.create("a", (Scope.PREDICT,))
        headers = {"Authorization": f"Bearer {key}"}
        host, port = live.address
        with triton.InferenceServerClient(f"{host}:{port}") as client:
            result = client.infer("tiny", [tensor(slice_png(1))], headers=dict(headers))
            with pytest.raises(InferenceServerException) as refused:
                client.infer("tiny", [tensor(slice_png(1))])
        prediction = result.as_numpy("prediction_id")[0].decode()
        record = live.get(f"/predictions/{prediction}", headers=headers).json()

    assert record["predicted_class"] == "beta"
    assert record["input_bytes"] == len(slice_png(1))
    assert record["model"] == "tiny"
    assert refused.value.status() == "401"


def test_bytes_are_bounded_as_they_arrive(run_service: Run) -> None:
    with run_service(max_upload_bytes=1024) as live:
        over = live.post("/v2/models/tiny/infer", json=infer_request(b"x" * 1025))
        head = "POST /v2/models/tiny/infer HTTP/1.1\nHOST\nContent-Length: 99999999"
        with live.open(head) as connection:
            told = connection.recv(100)

    assert problem(over) == "image-too-large"
    assert told.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v2/models/other", "not-found"),
        ("/v2/models/other/ready", "not-found"),
        ("/v2/models/UPPER", "bad-parameter"),
        ("/v2/nothing", "not-found"),
    ],
)
def test_problems_say_error_too(live: Live, path: str, code: str) -> None:
    response = live.get(path)

    assert problem(response) == code
    assert response.json()["error"] == response.json()["detail"]


def test_other_problems_do_not(live: Live) -> None:
    assert "error" not in live.get("/nothing").json()
    assert "error" not in live.get("/v2x").json()


def test_not_ready_while_all_places_are_taken(run_service: Run) -> None:
    with run_service(workers=1, queue_length=0) as live:
        host, port = live.address
        with (
            triton.InferenceServerClient(f"{host}:{port}") as client,
            live.service.pool.place(),
        ):
            assert client.is_server_live()
            assert not client.is_server_ready()
            assert not client.is_model_ready("tiny")
