"""A service whose traces go to a real collector; all that was gathered is sent when it stops."""

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from brainlens.errors import MissingExtra, UsageError
from brainlens.server.keys.scope import Scope
from brainlens.server.settings import Settings, load_settings
from brainlens.server.traces import traces
from brainlens.server.traces.open import open_traces

from ...live_service import Run
from ...otlp_collector import attributes, collector
from ..test_access import bearer

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
STAGES = ["access", "receive", "queue", "unpack", "decode", "preprocess", "inference", "record"]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_a_prediction_is_one_span_with_its_stages(
    run_service: Run, slice_png: Callable[..., bytes]
) -> None:
    with collector() as kept:
        with run_service(traces_endpoint=kept.endpoint) as live:
            answer = live.post("/predict", files={"file": ("JaneDoe.png", slice_png(0))})

        span = kept.named("POST /predict")
        parts = kept.parts(span)
        assert span.kind == Span.SPAN_KIND_SERVER
        assert not span.parent_span_id
        assert attributes(span) == {
            "http.request.method": "POST",
            "http.route": "/predict",
            "http.response.status_code": 200,
            "brainlens.request_id": answer.headers["x-request-id"],
        }
        assert [part.name for part in parts] == STAGES
        assert {part.trace_id for part in parts} == {span.trace_id}
        for part in parts:
            assert span.start_time_unix_nano <= part.start_time_unix_nano
            assert part.start_time_unix_nano <= part.end_time_unix_nano
        # Stages on the event loop end before the span does; the others are measured elsewhere.
        assert parts[-1].end_time_unix_nano <= span.end_time_unix_nano
        (resource,) = [m.resource_spans[0].resource for m in kept.messages]
        named = {one.key: one.value.string_value for one in resource.attributes}
        assert named["service.name"] == "brainlens"


def test_nothing_that_was_sent_is_told(run_service: Run, ambiguous_png: bytes) -> None:
    with collector() as kept:
        with run_service(traces_endpoint=kept.endpoint) as live:
            _, key = live.service.storage.keys.create("JaneDoe key", (Scope.PREDICT,))
            headers = {
                **bearer(key),
                "User-Agent": "JaneDoe",
                "tracestate": "JaneDoe=1",
                "baggage": "patient=JaneDoe",
                "traceparent": PARENT,
            }
            live.post("/predict", files={"file": ("JaneDoe", ambiguous_png)}, headers=headers)
            live.post("/predict?JaneDoe=1", content=b"JaneDoe", headers=headers)
            live.get("/JaneDoe", params={"q": "JaneDoe"}, headers=headers)
            live.client.request("JANEDOE", "/JaneDoe", headers=headers)
            sent = live.service.storage.records.since(0)
            hashes = [one.record.input_hmac for one in sent]

        text = b"".join(kept.raw)
        names = {span.name for span in kept.spans}

    assert {"POST /predict", "GET (no route)", "_OTHER (no route)"} <= names
    assert b"JaneDoe".lower() not in text.lower()
    assert key.encode() not in text
    assert len(hashes) == 1
    assert hashes[0].encode() not in text
    assert b"127.0.0.1" not in text


def test_a_callers_trace_goes_on(run_service: Run, ambiguous_png: bytes) -> None:
    with collector() as kept:
        with run_service(traces_endpoint=kept.endpoint, traces_ratio=0.0) as live:
            live.post("/predict", content=ambiguous_png, headers={"traceparent": PARENT})
            live.post("/predict", content=ambiguous_png, headers={"traceparent": "nonsense"})
            live.post("/predict", content=ambiguous_png)

        span = kept.named("POST /predict")

    assert span.trace_id.hex() == PARENT.split("-")[1]
    assert span.parent_span_id.hex() == PARENT.split("-")[2]


def test_failures_are_marked_and_refusals_are_not(
    run_service: Run, ambiguous_png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("JaneDoe")

    with collector() as kept:
        with run_service(traces_endpoint=kept.endpoint) as live:
            live.post("/predict", content=b"no image")
            (model,) = live.service.models.by_name.values()
            monkeypatch.setattr(type(model.predictor), "predict", fail)
            live.post("/predict", content=ambiguous_png)

        found = {
            attributes(span)["http.response.status_code"]: span
            for span in kept.spans
            if span.name == "POST /predict"
        }

    assert set(found) == {415, 500}
    assert found[415].status.code == Status.STATUS_CODE_UNSET
    assert found[500].status.code == Status.STATUS_CODE_ERROR
    assert attributes(found[500])["error.type"] == "ZeroDivisionError"
    assert not found[500].events
    assert b"JaneDoe" not in b"".join(kept.raw)


def test_a_collector_that_is_away_stops_nothing(
    run_service: Run, ambiguous_png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "TIMEOUT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    with run_service(traces_endpoint=f"http://127.0.0.1:{port}/v1/traces") as live:
        assert live.post("/predict", content=ambiguous_png).status_code == 200


_FOREIGN = """
import sys
from pathlib import Path
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient
from brainlens.server.app import create_app
from brainlens.server.settings import Settings

kept = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
trace.set_tracer_provider(provider)
trace.get_tracer("of this test").start_span("known").end()
app = create_app(Settings(bundles={"tiny": Path(sys.argv[1])}))
with TestClient(app, base_url="http://127.0.0.1") as client:
    assert client.get("/JaneDoe").status_code == 404
    assert client.post("/predict?x=JaneDoe", content=b"JaneDoe").status_code == 422
print(*(span.name for span in kept.get_finished_spans()))
"""


def test_whatever_else_traces_in_the_process_hears_nothing(tiny_bundle: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", _FOREIGN, str(tiny_bundle)],
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.split() == ["known"]


def test_without_a_collector_there_is_nothing() -> None:
    assert open_traces(Settings()) is None


def test_a_service_without_a_collector_loads_none_of_it() -> None:
    program = (
        "import sys; from brainlens.server.app import create_app; create_app();"
        "print('opentelemetry.exporter' in sys.modules)"
    )

    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert said.stdout.strip() == "False"


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "brainlens.server.traces.traces", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)

    with pytest.raises(MissingExtra, match="opentelemetry") as caught:
        open_traces(Settings(traces_endpoint="http://127.0.0.1:4318/v1/traces"))

    assert "brainlens[otel]" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRACES_ENDPOINT", "collector:4318"),
        ("TRACES_ENDPOINT", "ftp://collector/v1/traces"),
        ("TRACES_RATIO", "1.5"),
    ],
)
def test_bad_values_name_their_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"BRAINLENS_{name}", value)

    with pytest.raises(UsageError, match=name.lower()):
        load_settings()
