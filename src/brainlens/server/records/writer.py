"""The one thread of a process that writes records, many in one transaction where many wait."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Final

from sqlalchemy import insert

from brainlens.server.database.database import PATIENCE_S, Database, DatabaseError
from brainlens.server.database.tables import predictions
from brainlens.server.records.chain import Link, follow, new_chain
from brainlens.server.records.record import Record

#: Records in one transaction at most.
BATCH: Final = 256

#: Seconds that an answer waits for its record: longer than a database is given, the queue included.
WAIT_S: Final = 3 * PATIENCE_S
# Put together once, since it is said for every prediction.
_INSERT: Final = insert(predictions)

_Waiting = tuple[Record, Future[None]]


async def written(future: "Future[None]") -> None:
    """Return when a record is in the database.

    Raises
    ------
    DatabaseError
        If it could not be written, or that takes too long.
    """
    try:
        async with asyncio.timeout(WAIT_S):
            await asyncio.wrap_future(future)
    except TimeoutError:
        raise DatabaseError(
            "The database of records does not answer.", hint="Send the request again later."
        ) from None


class RecordWriter:
    """Appends records to a chain of its own; for many threads.

    While one transaction is written, further records gather for the next: however many clients
    there are, the database is asked once for all that wait.

    Parameters
    ----------
    database
        Where to.
    key
        Key of the chains.
    """

    def __init__(self, database: Database, key: bytes) -> None:
        self._database = database
        self._key = key
        self._end = new_chain(key)
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._closed = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="brainlens-records", daemon=True)
        self._thread.start()

    @property
    def end(self) -> Link:
        """The last record that is certainly in the database."""
        return self._end

    def append(self, record: Record) -> "Future[None]":
        """Take a record; the future ends when it is in the database, or with `DatabaseError`.

        Raises
        ------
        DatabaseError
            If the writer is closed.
        """
        written: Future[None] = Future()
        # From here on nobody can cancel it: an answer whose record is under way may still go out.
        written.set_running_or_notify_cancel()
        with self._lock:
            if self._closed:
                raise DatabaseError("The service is stopping.", hint="Ask again when it is back.")
            self._queue.put((record, written))
        return written

    def close(self) -> None:
        """Write what was taken, then end; may be called twice."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        open_ = True
        while open_:
            batch = []
            item = self._queue.get()
            while item is not None:
                batch.append(item)
                if len(batch) == BATCH:
                    break
                try:
                    item = self._queue.get_nowait()
                except Empty:
                    break
            open_ = item is not None
            if batch:
                self._finish(batch)

    def _finish(self, batch: Sequence[_Waiting]) -> None:
        try:
            self._write([record for record, _ in batch])
        except Exception as error:
            # It is not known whether the transaction was kept: the connection may have broken
            # between its end and the word that it ended. So this chain is left as it is.
            self._end = new_chain(self._key)
            for _, written in batch:
                written.set_exception(error)
        else:
            for _, written in batch:
                written.set_result(None)

    def _write(self, records: Sequence[Record]) -> None:
        end = self._end
        rows = []
        for record in records:
            row = record.as_row()
            end = follow(self._key, end, row)
            rows.append({**row, "writer": end.writer, "seq": end.seq, "mac": end.mac})
        with self._database.writing() as connection:
            connection.execute(_INSERT, rows)
        self._end = end
