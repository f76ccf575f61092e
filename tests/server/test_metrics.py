from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from brainlens.bundle.load import load_bundle
from brainlens.server.metrics import Metrics

from ..live_service import Live, Run


def figures(live: Live) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return (name, labels) → value, as Prometheus's own parser reads them."""
    answer = live.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


def test_requests_are_counted_and_timed(run_service: Run, slice_png: Callable[..., bytes]) -> None:
    with run_service() as live:
        for _ in range(3):
            live.post("/predict", content=slice_png(0))
        live.post("/predict", content=b"no image")
        live.get("/nothing/here")
        found = figures(live)

    total = "brainlens_http_requests_total"
    assert found[key(total, method="POST", route="/predict", status="200")] == 3
    assert found[key(total, method="POST", route="/predict", status="415")] == 1
    assert found[key(total, method="GET", route="(no route)", status="404")] == 1
    seconds = "brainlens_http_request_duration_seconds"
    labels = {"method": "POST", "route": "/predict"}
    assert found[key(f"{seconds}_count", **labels)] == 4
    assert 0 < found[key(f"{seconds}_sum", **labels)] < 60
    # The client library's own: from 5 milliseconds to 10 seconds.
    assert key(f"{seconds}_bucket", le="0.005", **labels) in found
    assert key(f"{seconds}_bucket", le="10.0", **labels) in found


def test_what_was_answered_and_why(
    run_service: Run, slice_png: Callable[..., bytes], ambiguous_png: bytes
) -> None:
    with run_service() as live:
        live.post("/predict", content=slice_png(0))
        live.post("/predict", content=ambiguous_png)
        live.post("/predict", content=ambiguous_png)
        found = figures(live)

    answers = "brainlens_predictions_total"
    assert found[key(answers, model="tiny", status="answered")] == 1
    assert found[key(answers, model="tiny", status="abstained")] == 2
    why = "brainlens_prediction_reasons_total"
    assert found[key(why, model="tiny", reason="low_confidence")] == 2
    stage = "brainlens_prediction_duration_seconds_count"
    for name in ("decode", "preprocess", "inference", "total"):
        assert found[key(stage, model="tiny", stage=name)] == 3


def test_what_is_so_now(run_service: Run, tiny_bundle: Path) -> None:
    info = load_bundle(tiny_bundle).info
    head = "POST /predict HTTP/1.1\nHOST\nContent-Length: 100"
    with run_service(workers=1, queue_length=3) as live, live.open(head, b"x" * 10):
        live.wait_until(lambda service: service.pool.held == 1)
        found = figures(live)

    assert found[key("brainlens_places")] == 4
    assert found[key("brainlens_places_taken")] == 1
    assert found[key("brainlens_queue_length")] == 0
    assert found[key("brainlens_workers")] == 1
    assert found[key("brainlens_rate_limits_shared")] == 0
    told = {"model": "tiny", "version": info.version, "decision_sha256": info.decision_sha256}
    assert found[key("brainlens_model_info", **told)] == 1
    assert found[key("process_open_fds")] > 0


def test_the_queue_is_seen(run_service: Run, slice_png: Callable[..., bytes]) -> None:
    image = slice_png(0)
    with run_service(workers=1) as live, live.busy_workers():
        head = f"POST /predict HTTP/1.1\nHOST\nContent-Length: {len(image)}"
        with live.open(head, image):
            live.wait_until(lambda service: service.pool.waiting == 1)
            assert figures(live)[key("brainlens_queue_length")] == 1


def test_nothing_that_a_caller_writes_becomes_a_label(live: Live) -> None:
    for n in range(30):
        live.client.request(f"M{n}", f"/page/{n}?x={n}", headers={"User-Agent": str(n)})
        live.get(f"/models/m{n}")
        live.post(f"/predict?model=m{n}", content=b"x")
        live.get(f"/predictions/{n:032x}")
    found = figures(live)

    labels = [dict(labels) for name, labels in found if name == "brainlens_http_requests_total"]
    assert {one["method"] for one in labels} <= {"GET", "POST", "other"}
    assert len(labels) < 15
    assert {dict(labels).get("model") for _, labels in found} <= {None, "tiny"}


def test_services_in_one_process_count_for_themselves(run_service: Run) -> None:
    with run_service() as one, run_service() as other:
        one.get("/livez")
        found = figures(other)

    asked = key("brainlens_http_requests_total", method="GET", route="/livez", status="200")
    assert asked not in found


@pytest.mark.parametrize("method", ["GET", "X" * 3000, ""])
def test_methods_are_few(method: str) -> None:
    metrics = Metrics()
    metrics.request(method, "/", 200, 0.1)

    assert f'method="{method if method == "GET" else "other"}"'.encode() in metrics.exposition()
