import json
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr

from brainlens.bundle import BundleInfo, write_bundle
from brainlens.bundle.schema import GATES
from brainlens.bundle.tensors import write_tensors
from brainlens.server.keys.scope import Scope
from brainlens.server.records.head import EVENT
from brainlens.server.records.verify import verify
from brainlens.server.records.writer import RecordWriter
from brainlens.server.request_log import LOGGER

from ..live_service import Live, Run
from .databases import record
from .test_access import bearer
from .test_route_predict import problem


def test_every_prediction_leaves_one_record(
    run_service: Run, slice_png: Callable[..., bytes], ambiguous_png: bytes
) -> None:
    with run_service() as live:
        images = [slice_png(0), ambiguous_png, slice_png(2)]
        answers = [live.post("/predict", files={"file": ("Doe^Jane", i)}).json() for i in images]
        live.post("/predict", content=b"no image")
        stored = list(live.service.storage.records.since(0))
        found = verify(live.service.storage.database, live.service.storage.codes)

    assert found.findings == ()
    assert [one.record.prediction_id for one in stored] == [a["prediction_id"] for a in answers]
    for one, answer, image in zip(stored, answers, images, strict=True):
        record = one.record
        assert record.input_bytes == len(image)
        assert record.input_hmac == answer["input"]["sha256"]
        assert (record.input_width, record.input_height) == (64, 64)
        assert record.input_format == "png"
        assert record.model == "tiny"
        for name in ("status", "predicted_class", "confidence", "probabilities", "threshold"):
            assert getattr(record, name) == answer[name]
        assert list(record.reasons) == answer["reasons"]
        assert record.decision_sha256 == answer["model"]["decision_sha256"]
        assert record.milliseconds == answer["timings_ms"]["total"]
        assert "Doe" not in repr(one)


def test_a_record_says_how_far_the_slice_lay(
    run_service: Run,
    tiny_info: BundleInfo,
    tiny_files: dict[str, bytes],
    slice_png: Callable[..., bytes],
    tmp_path: Path,
) -> None:
    gate = {"gate": "distance", "depth": "embedding", "abstain_above": 50.0, "reject_above": 99.0}
    statistics = {
        "embedding.mean": np.full(4, 0.25, np.float32),
        "embedding.scale": np.full(4, 0.25, np.float32),
        "embedding.axes": np.full((1, 4), 0.5, np.float32),
        "embedding.rest": np.ones(1, np.float32),
    }
    files = {**tiny_files, GATES: write_tensors(statistics)}
    write_bundle(tmp_path / "gated", tiny_info.model_copy(update={"gates": (gate,)}), files)
    with run_service(bundles={"tiny": tmp_path / "gated"}) as live:
        answer = live.post("/predict", content=slice_png(0)).json()
        record = live.get(f"/predictions/{answer['prediction_id']}").json()

    assert answer["distance"] > 0
    assert record["distance"] == answer["distance"]


def test_a_record_is_given_back(live: Live, slice_png: Callable[..., bytes]) -> None:
    answer = live.post("/predict?threshold=0.9", content=slice_png(1)).json()

    record = live.get(f"/predictions/{answer['prediction_id']}").json()

    assert record["predicted_class"] == "beta"
    assert record["probabilities"] == answer["probabilities"]
    assert record["threshold"] == 0.9
    assert record["key_id"] is None
    assert record["feedback"] == []


@pytest.mark.parametrize("id_", ["0" * 32, "f" * 32])
def test_unknown_predictions_are_not_found(live: Live, id_: str) -> None:
    assert problem(live.get(f"/predictions/{id_}")) == "unknown-prediction"
    answer = live.post(f"/predictions/{id_}/feedback", json={"class": "alpha"})
    assert problem(answer) == "unknown-prediction"


@pytest.mark.parametrize("id_", ["0" * 31, "A" * 32, "0" * 33, "%00", "' OR 1=1 --"])
def test_what_is_no_identifier_is_refused(live: Live, id_: str) -> None:
    assert problem(live.get(f"/predictions/{id_}")) == "bad-parameter"


def test_feedback_is_kept_beside_the_record(live: Live, slice_png: Callable[..., bytes]) -> None:
    path = f"/predictions/{live.post('/predict', content=slice_png(0)).json()['prediction_id']}"

    for concluded in ("beta", None):
        given = live.post(f"{path}/feedback", json={"class": concluded})
        assert given.status_code == 201
        assert given.json()["class"] == concluded

    assert [one["class"] for one in live.get(path).json()["feedback"]] == ["beta", None]


@pytest.mark.parametrize(
    "body",
    [
        {"class": "delta"},
        {"class": ""},
        {"class": 3},
        {"class": "x" * 300},
        {},
        {"class": "alpha", "note": "free text"},
        [],
        None,
    ],
)
def test_feedback_is_a_class_and_nothing_else(
    live: Live, slice_png: Callable[..., bytes], body: object
) -> None:
    path = f"/predictions/{live.post('/predict', content=slice_png(0)).json()['prediction_id']}"

    assert problem(live.post(f"{path}/feedback", json=body)) == "bad-parameter"
    assert live.get(path).json()["feedback"] == []


def test_feedback_on_a_rejected_slice_names_a_class_of_its_model(live: Live) -> None:
    nothing = {"predicted_class": None, "confidence": None, "probabilities": None}
    for number, model in ((1, "tiny"), (2, "gone")):
        rejected = record(number, status="rejected", model=model, **nothing)
        live.service.writer.append(rejected).result(60)

    told = [
        live.post(f"/predictions/{number:032x}/feedback", json={"class": concluded}).status_code
        for number, concluded in ((1, "gamma"), (1, "delta"), (2, "gamma"), (2, None))
    ]

    assert told == [201, 422, 422, 201]


def test_a_record_says_which_key_asked(run_service: Run, ambiguous_png: bytes) -> None:
    with run_service() as live:
        made, key = live.service.storage.keys.create("a", (Scope.PREDICT,))
        answer = live.post("/predict", content=ambiguous_png, headers=bearer(key)).json()
        record = live.get(f"/predictions/{answer['prediction_id']}", headers=bearer(key)).json()

    assert record["key_id"] == made.key_id
    assert key not in json.dumps(record)


def test_what_was_asked_without_keys_is_nobodys_later(
    run_service: Run, ambiguous_png: bytes
) -> None:
    with run_service() as live:
        id_ = live.post("/predict", content=ambiguous_png).json()["prediction_id"]
        keys = live.service.storage.keys
        _, one = keys.create("one", (Scope.PREDICT,))
        _, all_ = keys.create("all", (Scope.READ,))

        assert live.get(f"/predictions/{id_}", headers=bearer(one)).status_code == 404
        assert live.get(f"/predictions/{id_}", headers=bearer(all_)).status_code == 200


def test_an_answer_that_cannot_be_recorded_is_not_given(
    live: Live, ambiguous_png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(list(live.service.storage.records.since(0)))
    with monkeypatch.context() as patch:
        patch.setattr(live.service.storage.database, "writing", _broken)
        answer = live.post("/predict", content=ambiguous_png)
    again = live.post("/predict", content=ambiguous_png)

    assert problem(answer) == "database-failed"
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert again.status_code == 200
    assert len(list(live.service.storage.records.since(0))) == before + 1


def _broken() -> object:
    from brainlens.server.database.database import DatabaseError

    raise DatabaseError("The database of records and keys failed.", hint="Mend it.")


def test_a_database_that_hangs_does_not_hang_the_answer(
    live: Live, ambiguous_png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from concurrent.futures import Future

    monkeypatch.setattr("brainlens.server.records.writer.WAIT_S", 0.01)
    monkeypatch.setattr(RecordWriter, "append", lambda *_: Future())

    assert problem(live.post("/predict", content=ambiguous_png)) == "database-failed"


def test_the_head_is_logged_when_the_service_stops(
    run_service: Run, ambiguous_png: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    monkey = LOGGER.propagate
    LOGGER.propagate = True
    try:
        with caplog.at_level(logging.INFO, LOGGER.name), run_service() as live:
            for _ in range(3):
                live.post("/predict", content=ambiguous_png)
            end = live.service.writer.end
    finally:
        LOGGER.propagate = monkey

    lines = [json.loads(line) for line in caplog.messages if EVENT in line]
    assert [(line["writer"], line["seq"], line["mac"]) for line in lines] == [
        (end.writer, 3, end.mac)
    ]


def test_a_service_that_predicted_nothing_logs_no_head(
    run_service: Run, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, LOGGER.name), run_service(head_interval=0.01) as live:
        live.get("/")

    assert not [line for line in caplog.messages if EVENT in line]


def test_two_services_share_a_database(
    run_service: Run, ambiguous_png: bytes, database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("ab" * 32)
    shared = {"database_url": SecretStr(database_url), "secret_file": tmp_path / "secret"}
    with run_service(**shared) as one, run_service(**shared) as other:
        _, key = one.service.storage.keys.create("a", (Scope.PREDICT,))
        answers = [
            live.post("/predict", content=ambiguous_png, headers=bearer(key)).json()
            for live in (one, other)
        ]
        crossed = [
            live.get(f"/predictions/{answer['prediction_id']}", headers=bearer(key)).status_code
            for live, answer in zip((other, one), answers, strict=True)
        ]
        found = verify(one.service.storage.database, one.service.storage.codes)
        other.service.storage.keys.revoke("a")
        after = one.post("/predict", content=ambiguous_png, headers=bearer(key))

    assert crossed == [200, 200]
    assert answers[0]["input"]["sha256"] == answers[1]["input"]["sha256"]
    assert (len(found.ends), found.n_records, found.findings) == (2, 2, ())
    assert after.status_code == 401
