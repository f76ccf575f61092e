import pytest

from brainlens.server.moments import iso
from brainlens.server.records import store as module
from brainlens.server.records.feedback import Feedback
from brainlens.server.storage import Storage

from ..databases import record, write


def test_a_record_comes_back_as_it_was_written(storage: Storage) -> None:
    one = record(7, reasons=("low_confidence", "ambiguous"), key_id="a" * 16)
    writer = write(storage, record(6), one)

    stored = storage.records.find(one.prediction_id)

    assert stored is not None
    assert stored.record == one
    assert (stored.writer, stored.seq) == (writer, 2)
    assert storage.records.find("f" * 32) is None


def test_export_is_in_order_from_a_moment_on(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 3)
    write(storage, *(record(n) for n in (8, 1, 5)))
    write(storage, *(record(n) for n in (2, 7, 4, 6)))

    found = [stored.record for stored in storage.records.since(record(2).time_us)]

    assert found == [record(n) for n in (2, 4, 5, 6, 7, 8)]


def test_conclusions_stand_beside_their_record_oldest_first(storage: Storage) -> None:
    write(storage, record(1), record(2))
    for concluded in ("alpha", None):
        given = Feedback.now(record(1).prediction_id, key_id="b" * 16, concluded=concluded)
        storage.records.add_feedback(given)

    first, second = (stored.as_json() for stored in storage.records.since(0))

    assert [given["class"] for given in first["feedback"]] == ["alpha", None]
    assert second["feedback"] == []
    assert first["time"] == iso(record(1).time_us) == "2023-11-14T22:13:21.000000Z"
