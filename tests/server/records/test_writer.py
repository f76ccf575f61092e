import threading
from concurrent.futures import Future

import pytest
from sqlalchemy import delete, select, update

from brainlens.server.database.database import DatabaseError
from brainlens.server.database.tables import metadata
from brainlens.server.records import writer as module
from brainlens.server.records.feedback import Feedback
from brainlens.server.records.prune import prune
from brainlens.server.records.verify import verify
from brainlens.server.records.writer import RecordWriter
from brainlens.server.storage import Storage

from ...postgres_server import PostgresServer
from ..databases import OpenStorage, record, write


def test_many_threads_and_processes_write_at_once(open_storage: OpenStorage) -> None:
    storages = [open_storage() for _ in range(3)]
    writers = [storage.writer() for storage in storages]

    def work(number: int) -> None:
        for turn in range(40):
            one = record(number * 1000 + turn)
            writers[number % 3].append(one).result(60)
            assert storages[0].records.find(one.prediction_id) is not None

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for writer in writers:
        writer.close()

    found = verify(storages[0].database, storages[0].codes)
    assert (found.n_records, found.findings) == (240, ())
    assert sorted(end.seq for end in found.ends) == [80, 80, 80]


def test_those_that_wait_are_written_together(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    gate = threading.Event()
    write_ = RecordWriter._write

    def slow(self: RecordWriter, records: list[object]) -> None:
        sizes.append(len(records))
        gate.wait(60)
        write_(self, records)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(RecordWriter, "_write", slow)
    monkeypatch.setattr(module, "BATCH", 10)
    writer = storage.writer()
    futures = [writer.append(record(n)) for n in range(25)]
    gate.set()
    for future in futures:
        future.result(60)
    writer.close()

    assert sum(sizes) == 25
    assert max(sizes) == 10
    assert len(sizes) <= 4


def test_closing_writes_what_was_taken(storage: Storage) -> None:
    writer = storage.writer()
    futures = [writer.append(record(n)) for n in range(30)]

    writer.close()
    writer.close()

    assert all(future.done() and future.exception() is None for future in futures)
    assert verify(storage.database, storage.codes).n_records == 30
    with pytest.raises(DatabaseError, match="stopping"):
        writer.append(record(99))


def test_after_a_failure_a_new_chain_begins(storage: Storage) -> None:
    writer = storage.writer()
    writer.append(record(1)).result(30)
    before = writer.end
    twice = writer.append(record(1))
    assert isinstance(twice.exception(30), DatabaseError)

    writer.append(record(2)).result(30)
    writer.close()

    assert before.seq == 1
    assert writer.end.writer != before.writer
    found = verify(storage.database, storage.codes)
    assert (found.n_records, found.findings) == (2, ())


def test_an_error_nobody_foresaw_reaches_who_waits(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    writer = storage.writer()
    with monkeypatch.context() as patch:
        patch.setattr(RecordWriter, "_write", fail)
        failed: Future[None] = writer.append(record(1))
        assert isinstance(failed.exception(30), ZeroDivisionError)

    writer.append(record(2)).result(30)
    writer.close()


@pytest.mark.parametrize("table", ["predictions", "stubs", "feedback"])
def test_the_database_itself_refuses_changes(storage: Storage, table: str) -> None:
    write(storage, record(1))
    prune(storage.database, storage.codes, before_us=record(2).time_us, now_us=1)
    write(storage, record(2))
    given = Feedback.now(record(2).prediction_id, key_id=None, concluded="alpha")
    storage.records.add_feedback(given)
    rows = metadata.tables[table]

    for statement in (update(rows).values(mac="x"), delete(rows)):
        with pytest.raises(DatabaseError), storage.database.writing() as connection:
            connection.execute(statement)
    with storage.database.reading() as connection:
        assert len(connection.execute(select(rows)).all()) == 1


@pytest.mark.system
def test_a_database_that_goes_and_comes_back(
    postgres: PostgresServer, open_storage: OpenStorage, database_url: str
) -> None:
    if not database_url.startswith("postgresql"):
        pytest.skip("a file does not go away")
    storage = open_storage()
    writer = storage.writer()
    writer.append(record(1)).result(60)

    postgres.stop()
    try:
        lost = writer.append(record(2)).exception(60)
    finally:
        postgres.start()
    writer.append(record(3)).result(60)
    writer.close()

    assert isinstance(lost, DatabaseError)
    found = verify(storage.database, storage.codes)
    assert (found.n_records, found.findings) == (2, ())
