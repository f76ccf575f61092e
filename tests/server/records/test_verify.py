import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainlens.server.records.chain import COVERED, follow, start
from brainlens.server.records.feedback import Feedback
from brainlens.server.records.head import Head
from brainlens.server.records.prune import prune
from brainlens.server.records.record import Record
from brainlens.server.records.verify import CANNOT_FIND, SAID, verify
from brainlens.server.storage import Storage

from ..databases import meddle, record, write

KEY = bytes(32)


def told(storage: Storage, *heads: Head) -> list[tuple[str, int, int]]:
    findings = verify(storage.database, storage.codes, heads).findings
    return [(finding.fault, finding.first, finding.last) for finding in findings]


def test_what_was_written_verifies(storage: Storage) -> None:
    write(storage, *(record(n) for n in range(5)))
    write(storage, record(5, reasons=("low_confidence",), key_id="0" * 16))
    write(storage, record(6, predicted_class=None, confidence=None, probabilities=None))

    found = verify(storage.database, storage.codes)

    assert (found.n_records, found.n_pruned, found.findings) == (7, 0, ())
    assert sorted(end.seq for end in found.ends) == [1, 1, 5]


def test_nothing_verifies(storage: Storage) -> None:
    assert verify(storage.database, storage.codes).ends == ()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("status", "abstained"),
        ("predicted_class", "beta"),
        ("predicted_class", None),
        ("confidence", 0.999),
        ("probabilities", '{"beta": 0.9, "alpha": 0.1}'),
        ("threshold", 0.1),
        ("time_us", 1),
        ("key_id", "f" * 16),
        ("milliseconds", 1.0),
        ("reasons", "[]  "),
        ("decision_sha256", "0" * 64),
        ("mac", "0" * 64),
        ("mac", "no code"),
        ("prediction_id", "f" * 32),
    ],
)
def test_a_change_is_found_where_it_is(storage: Storage, column: str, value: object) -> None:
    write(storage, *(record(n) for n in range(5)))
    statement = f"UPDATE predictions SET {column} = :value WHERE seq = 3"  # noqa: S608
    meddle(storage.database, statement, value=value)

    found = told(storage)

    # With another code, the record after it no longer follows either.
    assert found == [("changed", 3, 3)] + [("changed", 4, 4)] * (column == "mac")


def test_a_value_of_another_type_is_found_not_stumbled_over(storage: Storage) -> None:
    write(storage, record(1), record(2))
    if storage.database.is_postgresql:
        pytest.skip("PostgreSQL holds columns to their types")
    meddle(storage.database, "UPDATE predictions SET confidence = x'00' WHERE seq = 1")

    assert told(storage) == [("changed", 1, 1)]


def test_a_removed_record_is_found(storage: Storage) -> None:
    write(storage, *(record(n) for n in range(6)))
    meddle(storage.database, "DELETE FROM predictions WHERE seq IN (3, 4)")

    assert told(storage) == [("removed", 3, 4)]


def test_a_removed_beginning_is_found(storage: Storage) -> None:
    write(storage, *(record(n) for n in range(4)))
    meddle(storage.database, "DELETE FROM predictions WHERE seq <= 2")

    assert told(storage) == [("removed", 1, 2)]


def test_closing_the_gap_does_not_help(storage: Storage) -> None:
    write(storage, *(record(n) for n in range(4)))
    meddle(storage.database, "DELETE FROM predictions WHERE seq = 2")
    meddle(storage.database, "UPDATE predictions SET seq = 2 WHERE seq = 3")
    meddle(storage.database, "UPDATE predictions SET seq = 3 WHERE seq = 4")

    assert told(storage) == [("changed", 2, 2), ("changed", 3, 3)]


def test_records_in_another_order_are_found(storage: Storage) -> None:
    write(storage, *(record(n) for n in range(5)))
    for old, new in ((2, 100), (4, 2), (100, 4)):
        meddle(
            storage.database, "UPDATE predictions SET seq = :new WHERE seq = :old", old=old, new=new
        )

    assert {2, 4} <= {first for fault, first, _ in told(storage) if fault == "changed"}


def test_a_record_moved_to_another_chain_is_found(storage: Storage) -> None:
    one = write(storage, record(1))
    other = write(storage, record(2), record(3))
    meddle(
        storage.database,
        "UPDATE predictions SET writer = :one WHERE writer = :other AND seq = 2",
        one=one,
        other=other,
    )

    assert told(storage) == [("changed", 2, 2)]


def test_a_cut_tail_is_found_with_a_head_only(storage: Storage) -> None:
    write(storage, *(record(n) for n in range(5)))
    (end,) = verify(storage.database, storage.codes).ends
    head = Head.of(storage.codes.heads, end, 7)
    assert told(storage, head) == []
    meddle(storage.database, "DELETE FROM predictions WHERE seq > 3")

    assert told(storage) == []
    assert any("--head" in sentence for sentence in CANNOT_FIND)
    assert told(storage, head) == [("cut_off", 4, 5)]


def test_a_chain_that_is_gone_is_found_with_a_head(storage: Storage) -> None:
    write(storage, record(1), record(2))
    (end,) = verify(storage.database, storage.codes).ends
    meddle(storage.database, "DELETE FROM predictions")

    assert told(storage, Head.of(storage.codes.heads, end, 7)) == [("cut_off", 1, 2)]


def test_a_chain_made_anew_is_found_with_a_head(storage: Storage) -> None:
    write(storage, record(1), record(2))
    (end,) = verify(storage.database, storage.codes).ends
    other = dataclasses.replace(end, mac="0" * 64)

    # What somebody with the secret would have to do: the head from elsewhere tells all the same.
    assert told(storage, Head.of(storage.codes.heads, other, 7)) == [("head_differs", 2, 2)]


def test_a_head_of_somebody_else_is_said(storage: Storage) -> None:
    write(storage, record(1))
    (end,) = verify(storage.database, storage.codes).ends

    assert told(storage, Head.of(KEY, end, 7)) == [("bad_head", 1, 1)]


def test_changed_feedback_is_found(storage: Storage) -> None:
    write(storage, record(1))
    storage.records.add_feedback(Feedback.now(record(1).prediction_id, key_id=None, concluded="a"))
    assert verify(storage.database, storage.codes).n_feedback == 1
    assert told(storage) == []
    meddle(storage.database, "UPDATE feedback SET concluded = 'b'")

    (finding,) = verify(storage.database, storage.codes).findings

    assert str(finding).startswith(f"Feedback on prediction {record(1).prediction_id} is not what")


def test_another_secret_finds_everything(storage: Storage) -> None:
    write(storage, record(1), record(2))
    other = dataclasses.replace(storage.codes, records=KEY)

    assert len(verify(storage.database, other).findings) == 2


def test_findings_are_sentences(storage: Storage) -> None:
    writer = write(storage, *(record(n) for n in range(5)))
    meddle(storage.database, "DELETE FROM predictions WHERE seq IN (2, 3)")

    (finding,) = verify(storage.database, storage.codes).findings

    assert str(finding) == f"Record 2 to 3 of writer {writer} is missing between others."
    assert set(SAID) >= {finding.fault}


def test_a_forged_stub_does_not_hide_what_is_gone(storage: Storage) -> None:
    writer = write(storage, *(record(n) for n in range(4)))
    (stub,) = prune(storage.database, storage.codes, before_us=record(2).time_us, now_us=1)
    meddle(storage.database, "UPDATE stubs SET last_seq = 3")
    meddle(storage.database, "DELETE FROM predictions WHERE seq = 3")

    assert told(storage) == [("bad_stub", 1, 3), ("removed", 1, 3)]
    assert stub.writer == writer


def test_a_stub_taken_away_before_another_is_found(storage: Storage) -> None:
    write(storage, *(record(n) for n in range(6)))
    for before in (2, 4):
        prune(storage.database, storage.codes, before_us=record(before).time_us, now_us=1)
    meddle(storage.database, "DELETE FROM stubs WHERE first_seq = 1")

    assert told(storage) == [("removed", 1, 2)]


def test_a_stub_taken_away_is_found(storage: Storage) -> None:
    write(storage, *(record(n) for n in range(4)))
    prune(storage.database, storage.codes, before_us=record(2).time_us, now_us=1)
    meddle(storage.database, "DELETE FROM stubs")

    assert told(storage) == [("removed", 1, 2)]


@given(st.data())
def test_every_single_change_changes_the_code(data: st.DataObject) -> None:
    row = record().as_row()
    name = data.draw(st.sampled_from(COVERED))
    value = data.draw(
        st.none() | st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    )
    changed = {**row, name: value}
    place = start(KEY, "w")

    # 1 and 1.0 are two spellings, and so two codes.
    same = repr(value) == repr(row[name])
    assert (follow(KEY, place, changed) == follow(KEY, place, row)) == same


@given(
    st.builds(
        record,
        confidence=st.floats(0, 1),
        threshold=st.floats(0, 1),
        milliseconds=st.floats(0, 1e9),
        probabilities=st.none() | st.dictionaries(st.text(), st.floats(0, 1)),
        reasons=st.lists(st.text()).map(tuple),
        predicted_class=st.none() | st.text(),
    )
)
def test_a_record_comes_back_from_its_row(one: Record) -> None:
    assert Record.from_row(one.as_row()) == one
