import dataclasses

import pytest

from brainlens.errors import CheckFailed
from brainlens.server.records.feedback import Feedback
from brainlens.server.records.head import Head
from brainlens.server.records.prune import prune
from brainlens.server.records.verify import verify
from brainlens.server.storage import Storage

from ..databases import meddle, record, write


def test_old_records_go_and_the_chain_still_verifies(storage: Storage) -> None:
    writer = write(storage, *(record(n) for n in range(6)))
    for n in (0, 5):
        given = Feedback.now(record(n).prediction_id, key_id=None, concluded="alpha")
        storage.records.add_feedback(given)

    (stub,) = prune(storage.database, storage.codes, before_us=record(3).time_us, now_us=42)

    assert (stub.writer, stub.first_seq, stub.last_seq, stub.pruned_us) == (writer, 1, 3, 42)
    assert (stub.first_time_us, stub.last_time_us) == (record(0).time_us, record(2).time_us)
    found = verify(storage.database, storage.codes)
    assert (found.n_records, found.n_pruned, found.n_feedback) == (3, 3, 1)
    assert found.findings == ()
    assert storage.records.find(record(2).prediction_id) is None
    assert storage.records.find(record(3).prediction_id) is not None


def test_pruning_again_goes_on_where_it_ended(storage: Storage) -> None:
    write(storage, *(record(n) for n in range(6)))
    for n in (2, 4, 4, 9):
        prune(storage.database, storage.codes, before_us=record(n).time_us, now_us=1)

    found = verify(storage.database, storage.codes)
    assert (found.n_records, found.n_pruned, found.findings) == (0, 6, ())


def test_a_writer_at_work_goes_on_behind_its_stub(storage: Storage) -> None:
    writer = storage.writer()
    writer.append(record(1)).result(30)
    prune(storage.database, storage.codes, before_us=record(5).time_us, now_us=1)
    writer.append(record(6)).result(30)
    writer.close()

    found = verify(storage.database, storage.codes)
    assert (found.n_records, found.n_pruned, found.findings) == (1, 1, ())


def test_a_chain_is_cut_from_its_beginning_only(storage: Storage) -> None:
    late_first = [record(9), record(1), record(2)]
    write(storage, *late_first)

    assert prune(storage.database, storage.codes, before_us=record(5).time_us, now_us=1) == ()
    assert verify(storage.database, storage.codes).n_records == 3


def test_a_head_of_before_still_holds(storage: Storage) -> None:
    write(storage, *(record(n) for n in range(4)))
    (end,) = verify(storage.database, storage.codes).ends
    head = Head.of(storage.codes.heads, end, 1)

    prune(storage.database, storage.codes, before_us=record(9).time_us, now_us=1)

    assert verify(storage.database, storage.codes, [head]).findings == ()


def test_a_head_of_another_chain_does_not_hold_behind_a_stub(storage: Storage) -> None:
    write(storage, *(record(n) for n in range(4)))
    (end,) = verify(storage.database, storage.codes).ends
    head = Head.of(storage.codes.heads, dataclasses.replace(end, mac="0" * 64), 1)
    prune(storage.database, storage.codes, before_us=record(9).time_us, now_us=1)

    (finding,) = verify(storage.database, storage.codes, [head]).findings

    assert finding.fault == "head_differs"


def test_what_was_meddled_with_is_not_pruned_away(storage: Storage) -> None:
    write(storage, record(1))
    write(storage, record(2), record(3))
    meddle(storage.database, "UPDATE predictions SET status = 'x' WHERE seq = 2")

    with pytest.raises(CheckFailed, match="not as they were written"):
        prune(storage.database, storage.codes, before_us=record(9).time_us, now_us=1)

    assert verify(storage.database, storage.codes).n_records == 3
