"""Old records deleted, with a signed stub in their place."""

from sqlalchemy import Connection, delete, func, insert, select

from brainlens.errors import CheckFailed
from brainlens.server.database.database import Database
from brainlens.server.database.tables import feedback, predictions, stubs
from brainlens.server.records.stub import Stub
from brainlens.server.records.verify import Keys, Walk


def prune(database: Database, keys: Keys, *, before_us: int, now_us: int) -> tuple[Stub, ...]:
    """Delete the records made before a moment, and what was concluded about them.

    Of each chain the records up to the first that is to stay are deleted, in one transaction a
    chain, so that a service that writes meanwhile waits for none of them long. If a chain is not as
    it was written, none is pruned: pruning would hide what was done to it.

    Parameters
    ----------
    database
        Where they are.
    keys
        The keys they were written with.
    before_us
        The moment, in microseconds since 1970, UTC.
    now_us
        The present.

    Returns
    -------
    stubs
        What is left of each pruned chain.

    Raises
    ------
    CheckFailed
        If a chain is not as it was written.
    DatabaseError
        If the database fails, or somebody else prunes now; each chain is then pruned or whole.
    """
    with database.reading() as connection:
        left = _plan(connection, keys, before_us, now_us)
    for stub in left:
        with database.writing() as connection:
            connection.execute(insert(stubs).values(stub.as_row(keys.stubs)))
            connection.execute(
                delete(predictions).where(
                    predictions.c.writer == stub.writer, predictions.c.seq <= stub.last_seq
                )
            )
    about = select(predictions.c.seq).where(predictions.c.prediction_id == feedback.c.prediction_id)
    with database.writing() as connection:
        connection.execute(delete(feedback).where(~about.exists()))
    return left


def _plan(connection: Connection, keys: Keys, before_us: int, now_us: int) -> tuple[Stub, ...]:
    """Return what is to stand for the records that may go, of chains that were all checked."""
    planned = []
    for writer in sorted(connection.scalars(select(predictions.c.writer).distinct())):
        stub = _stub(connection, writer, before_us, now_us)
        if stub is None:
            continue
        walk = Walk(connection, keys, writer)
        walk.run()
        if walk.findings:
            raise CheckFailed(
                f"The records are not as they were written, so none was pruned: {walk.findings[0]}",
                hint="See all findings: brainlens log verify.",
            )
        planned.append(stub)
    return tuple(planned)


def _stub(connection: Connection, writer: str, before_us: int, now_us: int) -> Stub | None:
    """Return the stub for the records of a writer that may go, or None if none may."""
    c = predictions.c
    own = c.writer == writer
    first_kept = connection.scalar(select(func.min(c.seq)).where(own, c.time_us >= before_us))
    goes = own if first_kept is None else own & (c.seq < first_kept)
    bounds = select(func.min(c.seq), func.max(c.seq), func.min(c.time_us), func.max(c.time_us))
    first, last, first_time, last_time = connection.execute(bounds.where(goes)).one()
    if first is None:
        return None
    last_mac = connection.scalars(select(c.mac).where(own, c.seq == last)).one()
    return Stub(
        writer=writer,
        first_seq=first,
        last_seq=last,
        last_mac=last_mac,
        first_time_us=first_time,
        last_time_us=last_time,
        pruned_us=now_us,
    )
