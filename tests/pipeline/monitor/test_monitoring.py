import json
from datetime import date
from typing import Any

import pytest

from brainlens.pipeline.monitor.monitoring import Monitoring, monitor

from .stored import DAY_US, HASH, stored
from .test_drift import reference

DAY = 19_700


def run(records: Any, *references: Any) -> Monitoring:
    known = {one.decision_sha256: one for one in references}
    return monitor(records, known, since_us=DAY * DAY_US, until_us=(DAY + 9) * DAY_US)


def test_models_come_by_number_of_records() -> None:
    found = run([stored(0, decision_sha256="ee" * 32), stored(1), stored(2)])

    assert [model.tally.n for model in found.models] == [2, 1]
    assert found.n_records == 3
    assert found.models[0].title == f"default ({HASH[:8]})"


def test_days_and_rates() -> None:
    unsure = {"status": "abstained", "reasons": ("low_confidence",)}
    (model,) = run(
        [
            stored(0, time_us=DAY * DAY_US),
            stored(1, time_us=(DAY + 2) * DAY_US, predicted_class="beta"),
            stored(2, time_us=(DAY + 2) * DAY_US, **unsure),
            stored(3, time_us=(DAY + 2) * DAY_US),
        ]
    ).models

    assert model.by_day() == [
        (date(2023, 12, 9), {"answered": 1, "abstained": 0, "rejected": 0}),
        (date(2023, 12, 11), {"answered": 2, "abstained": 1, "rejected": 0}),
    ]
    assert model.answer_rate == 0.75
    assert model.class_mix() == pytest.approx({"alpha": 2 / 3, "beta": 1 / 3})


def test_records_are_held_against_their_own_bundle_alone() -> None:
    known = reference(decision_sha256=HASH, above=((0.0, 1.0), (0.5, 0.9)))
    records = [stored(n, confidence=0.4) for n in range(60)]
    others = [stored(100 + n, confidence=0.4, decision_sha256="ee" * 32) for n in range(50)]

    own, other = run([*records, *others], known).models

    assert own.confidence is not None
    assert own.confidence.difference == pytest.approx(0.9)
    assert own.distance is None
    assert (other.reference, other.confidence) == (None, None)


def test_it_is_plain_json_without_keys_or_hashes_of_inputs() -> None:
    known = reference(decision_sha256=HASH, distances=(0.1, 0.5, 0.9))
    records = [stored(n, "alpha", key_id="0123456789abcdef") for n in range(60)]

    told = run(records, known).to_dict()

    text = json.dumps(told, allow_nan=False)
    assert "0123456789abcdef" not in text
    assert records[0].record.input_hmac not in text
    assert records[0].record.prediction_id not in text
    (model,) = told["models"]
    assert model["n_records"] == 60
    assert model["drift"]["confidence"] is None
    assert model["drift"]["distance"]["n_records"] == 60
    assert model["reference"]["has_distances"]
    assert model["agreement"]["share"] == 1


def test_no_records_are_no_models() -> None:
    assert run([]).to_dict()["models"] == []
