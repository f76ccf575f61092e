import base64
import io
import json
import struct
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from PIL import Image

from brainlens.bundle.load import load_bundle
from brainlens.inference.answer import Answer
from brainlens.inference.predictor import Predictor
from brainlens.words import DISCLAIMER, WHERE_IT_LOOKED

from ..live_service import Live, Run, read_all, read_answer


def problem(response: httpx.Response) -> str:
    """Return the problem's code, after checking its form."""
    assert response.headers["content-type"] == "application/problem+json"
    told = response.json()
    assert told["status"] == response.status_code
    assert told["detail"]
    assert told["title"]
    assert told["instance"] == f"urn:uuid:{response.headers['x-request-id']}"
    prefix, code = told["type"].rsplit(":", 1)
    assert prefix == "urn:brainlens:problem"
    return str(code)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_form_is_answered(live: Live, slice_png: Callable[..., bytes], index: int) -> None:
    response = live.post("/predict", files={"file": ("any name", slice_png(index))})

    assert response.status_code == 200
    answer = Answer.model_validate(response.json())
    assert answer.status == "answered"
    assert answer.predicted_class == ("alpha", "beta", "gamma")[index]
    assert answer.disclaimer == DISCLAIMER
    assert answer.input.width == 64


@pytest.mark.parametrize(
    "content_type", ["image/png", "application/octet-stream", "application/x-www-form-urlencoded"]
)
def test_body_itself_is_answered(
    live: Live, slice_png: Callable[..., bytes], content_type: str
) -> None:
    response = live.post("/predict", content=slice_png(2), headers={"Content-Type": content_type})

    assert response.json()["predicted_class"] == "gamma"


def test_answer_is_the_predictors(
    live: Live, tiny_bundle: Path, slice_png: Callable[..., bytes]
) -> None:
    image = slice_png(1, seed=5)
    direct = Predictor(load_bundle(tiny_bundle)).predict(image)

    served = Answer.model_validate(live.post("/predict", content=image).json())

    assert served.probabilities == direct.probabilities
    assert served.model == direct.model


def test_abstains_and_says_why(live: Live, ambiguous_png: bytes) -> None:
    answer = live.post("/predict", content=ambiguous_png).json()

    assert answer["status"] == "abstained"
    assert answer["reasons"] == ["low_confidence"]
    assert set(answer["probabilities"]) == {"alpha", "beta", "gamma"}


def test_seen_image_is_said_to_be_seen(live: Live, seen_png: bytes) -> None:
    assert live.post("/predict", content=seen_png).json()["seen_in_training"] is True


def test_threshold_can_be_raised(live: Live, slice_png: Callable[..., bytes]) -> None:
    answer = live.post("/predict?threshold=1.0", content=slice_png(0)).json()

    assert answer["threshold"] == 1.0
    assert answer["status"] == "abstained"


def test_threshold_cannot_be_lowered(live: Live, slice_png: Callable[..., bytes]) -> None:
    response = live.post("/predict?threshold=0.1", content=slice_png(0))

    assert response.status_code == 403
    assert problem(response) == "threshold-lowered"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("threshold=2", "bad-parameter"),
        ("threshold=nan", "bad-parameter"),
        ("threshold=much", "bad-parameter"),
        ("explain=perhaps", "bad-parameter"),
        ("classes=alpha", "bad-parameter"),
        ("explain=true&classes=delta", "bad-parameter"),
        ("explain=true&classes=", "bad-parameter"),
        ("model=other", "unknown-model"),
    ],
)
def test_parameters_that_cannot_be_used_are_named(
    live: Live, slice_png: Callable[..., bytes], query: str, code: str
) -> None:
    response = live.post(f"/predict?{query}", content=slice_png(0))

    assert response.status_code == 422
    assert problem(response) == code


def test_an_answer_is_explained(live: Live, slice_png: Callable[..., bytes]) -> None:
    image = slice_png(1, side=50)
    answer = live.post("/predict?explain=true&classes=gamma,%20alpha", content=image).json()

    explanation = answer["explanation"]
    assert explanation["class"] == answer["predicted_class"] == "beta"
    assert [other["class"] for other in explanation["others"]] == ["gamma", "alpha"]
    x, y = explanation["peak"]
    assert x >= 25 > y
    for name in ("overlay_png", "map_png"):
        with Image.open(io.BytesIO(base64.b64decode(explanation[name]))) as picture:
            assert (picture.format, picture.size) == ("PNG", (50, 50))
    assert explanation["meaning"] == WHERE_IT_LOOKED
    assert Answer.model_validate(answer).explanation is not None


def test_an_answer_is_explained_only_when_asked(
    live: Live, slice_png: Callable[..., bytes]
) -> None:
    assert live.post("/predict?explain=false", content=slice_png(1)).json()["explanation"] is None


def test_unknown_parameter_is_quoted_shortened(live: Live) -> None:
    response = live.post(f"/predict?{'x' * 500}=1", content=b"x")

    assert "x" * 64 in response.json()["detail"]
    assert "x" * 65 not in response.json()["detail"]


def test_model_is_chosen_by_name(run_service: Run, tiny_bundle: Path) -> None:
    with run_service(bundles={"one": tiny_bundle, "two": tiny_bundle}) as live:
        answered = live.post("/predict?model=two", content=base64.b64decode(_DOT_PNG))

    assert answered.status_code == 200


_DOT_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)


def huge_png(side: int) -> bytes:
    """Return a PNG that promises side x side pixels and holds hardly any."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b""))


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "empty-image"),
        (base64.b64decode(_DOT_PNG)[:40], 400, "unreadable-image"),
        (b"this is a letter, not an image", 415, "not-an-image"),
        (b"%PDF-1.7 a report", 415, "not-an-image"),
        (huge_png(30_000), 413, "image-too-large"),
    ],
)
def test_bad_images_are_told_apart(live: Live, content: bytes, status: int, code: str) -> None:
    as_body = live.post("/predict", content=content)
    as_form = live.post("/predict", files={"file": ("x.png", content)})

    assert (as_body.status_code, problem(as_body)) == (status, code)
    assert (as_form.status_code, problem(as_form)) == (status, code)
    assert as_body.json()["hint"]


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"files": {"image": b"x"}}, 422, "no-file"),
        ({"files": [("file", b"x"), ("file", b"y")]}, 422, "several-files"),
        ({"files": {"file": b"x"}, "data": {"threshold": "1"}}, 422, "bad-parameter"),
        (
            {"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=B"}},
            400,
            "malformed-form",
        ),
    ],
)
def test_bad_forms_are_told_apart(
    live: Live, options: dict[str, object], status: int, code: str
) -> None:
    response = live.post("/predict", **options)

    assert (response.status_code, problem(response)) == (status, code)


def test_too_many_bytes_announced_are_refused_unread(run_service: Run) -> None:
    with run_service(max_upload_bytes=2048) as live:
        head = "POST /predict HTTP/1.1\nHOST\nContent-Length: 3000\nExpect: 100-continue"
        with live.open(head) as connection:
            # No "100 Continue" came first: the bytes were never asked for.
            response, body = read_answer(connection)

    assert response.status == 413
    assert response.headers["connection"] == "close"
    assert b"image-too-large" in body


def test_too_many_bytes_in_chunks_are_refused_while_they_come(run_service: Run) -> None:
    with run_service(max_upload_bytes=2048) as live:
        chunk = b"400\r\n" + b"x" * 1024 + b"\r\n"
        connection = live.open(
            "POST /predict HTTP/1.1\nHOST\nTransfer-Encoding: chunked", chunk * 3
        )
        # The body has not ended, and the answer comes all the same.
        response, body = read_answer(connection)
        connection.sendall(chunk * 100 + b"0\r\n\r\n")
        rest = read_all(connection)

    assert response.status == 413
    assert response.headers["connection"] == "close"
    assert b"image-too-large" in body
    assert rest == b""


def test_file_of_the_very_limit_passes_in_a_form(run_service: Run) -> None:
    with run_service(max_upload_bytes=2048) as live:
        full = live.post("/predict", files={"file": b"x" * 2048})
        over = live.post("/predict", files={"file": b"x" * 2049})

    assert problem(full) == "not-an-image"
    assert problem(over) == "image-too-large"


def test_body_that_does_not_come_is_given_up(run_service: Run) -> None:
    with run_service(request_timeout=0.2) as live:
        head = "POST /predict HTTP/1.1\nHOST\nContent-Length: 100"
        with live.open(head, b"x" * 10) as connection:
            response, body = read_answer(connection)
        live.wait_until(lambda service: service.pool.held == 0)

    assert response.status == 408
    assert b"slow-request" in body


def test_full_service_says_come_again(run_service: Run, slice_png: Callable[..., bytes]) -> None:
    image = slice_png(0)
    with run_service(workers=1, queue_length=1) as live:
        head = f"POST /predict HTTP/1.1\nHOST\nConnection: close\nContent-Length: {len(image)}"
        held = [live.open(head, image[:-1]) for _ in range(2)]
        live.wait_until(lambda service: service.pool.full)

        refused = live.post("/predict", content=image)
        unready = live.get("/readyz")
        state = live.get("/")
        for connection in held:
            connection.sendall(image[-1:])
        answers = [read_all(connection) for connection in held]
        again = live.post("/predict", content=image)

    assert problem(refused) == "service-busy"
    assert refused.status_code == unready.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1
    assert state.status_code == 200
    assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)
    assert again.status_code == 200


def test_predictions_under_way_do_not_delay_the_state(
    live: Live, slice_png: Callable[..., bytes]
) -> None:
    with ThreadPoolExecutor(3) as executor:
        with live.busy_workers():
            waiting = [
                executor.submit(live.post, "/predict", content=slice_png(i)) for i in range(3)
            ]
            live.wait_until(lambda service: service.pool.held == 3)
            states = [live.get("/").status_code for _ in range(20)]
            assert not any(future.done() for future in waiting)
        answers = [future.result(60).json()["predicted_class"] for future in waiting]

    assert states == [200] * 20
    assert answers == ["alpha", "beta", "gamma"]


def test_work_of_a_client_that_left_is_dropped(live: Live, slice_png: Callable[..., bytes]) -> None:
    image = slice_png(0)
    with live.busy_workers():
        connection = live.open(f"POST /predict HTTP/1.1\nHOST\nContent-Length: {len(image)}", image)
        live.wait_until(lambda service: service.pool.waiting == 1)
        connection.close()
        # The threads are still busy: nothing can have done the work, it was dropped.
        live.wait_until(lambda service: service.pool.waiting == service.pool.held == 0)

    assert live.post("/predict", content=image).status_code == 200


def test_client_that_leaves_while_sending_frees_its_place(live: Live) -> None:
    connection = live.open("POST /predict HTTP/1.1\nHOST\nContent-Length: 100", b"x" * 10)
    live.wait_until(lambda service: service.pool.held == 1)
    connection.close()
    live.wait_until(lambda service: service.pool.held == 0)


def test_connection_is_kept_for_the_next_image(live: Live, slice_png: Callable[..., bytes]) -> None:
    client_ports = []
    for index in range(2):
        response = live.post("/predict", content=slice_png(index))
        client_ports.append(response.extensions["network_stream"].get_extra_info("client_addr"))

    assert client_ports[0] == client_ports[1]


def test_answer_is_json_that_says_nothing_of_the_file(
    live: Live, slice_png: Callable[..., bytes]
) -> None:
    response = live.post("/predict", files={"file": ("Jane Doe 1970.png", slice_png(0))})

    assert "Jane" not in json.dumps(response.json())
