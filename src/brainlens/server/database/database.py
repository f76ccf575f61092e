"""One open database, whichever it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from brainlens.errors import MissingExtra, StorageError, UsageError
from brainlens.server.database.migrate import migrate

#: Seconds that a service gives its database: somebody waits for the answer.
PATIENCE_S: Final = 5
_WRITING: Final = "brainlens_writing"
_HINT: Final = "Check that it is there, that it may be written and that its disk has room."


class DatabaseError(StorageError):
    """The database of records and keys did not do what it was asked to."""

    code = "database_failed"


def sqlite_url(path: Path) -> URL:
    """Return the URL of an SQLite file."""
    return URL.create("sqlite", database=str(path))


def parse_url(text: str) -> URL:
    """Return a database's URL as the driver in use spells it.

    Parameters
    ----------
    text
        ``sqlite:///path/to/file`` or ``postgresql://user:password@host/name``.

    Raises
    ------
    UsageError
        If it is neither.
    MissingExtra
        If PostgreSQL's driver is not installed.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # The error quotes the URL, which may hold a password.
        raise _no_url() from None
    if url.drivername == "sqlite" and url.database not in (None, "", ":memory:"):
        return url
    if url.drivername not in ("postgresql", "postgresql+psycopg"):
        raise _no_url()
    if find_spec("psycopg") is None:
        raise MissingExtra(
            "PostgreSQL needs psycopg, which is not installed.",
            hint='Install it: pip install "brainlens[postgres]".',
        )
    return url.set(drivername="postgresql+psycopg")


def _no_url() -> UsageError:
    return UsageError(
        "The database's URL cannot be used.",
        hint="Write BRAINLENS_DATABASE_URL like sqlite:///path/to/file or "
        "postgresql://user:password@host/name.",
    )


class Database:
    """Transactions on the tables of `brainlens.server.database.tables`; for many threads.

    Parameters
    ----------
    url
        From `sqlite_url` or `parse_url`.
    sync
        Whether a transaction in SQLite is on the disk when it ends, power cuts included. Otherwise
        it survives the end of the process, by whatever signal, yet not the machine's.
    patience_s
        Seconds after which a database that does not answer counts as gone.

    Raises
    ------
    DatabaseError
        If it cannot be reached or written.
    UsageError
        If its tables are of a newer version.
    """

    def __init__(self, url: URL, *, sync: bool = False, patience_s: int = PATIENCE_S) -> None:
        if url.drivername == "sqlite":
            self._engine = _sqlite(url, sync, patience_s)
        else:
            self._engine = _postgresql(url, patience_s)
        try:
            with self.writing() as connection:
                migrate(connection)
        except BaseException:
            self.close()
            raise

    @property
    def is_postgresql(self) -> bool:
        """Whether it is PostgreSQL, else SQLite."""
        return self._engine.dialect.name == "postgresql"

    @property
    def folder(self) -> Path | None:
        """The folder of SQLite's files; None for PostgreSQL."""
        if self.is_postgresql:
            return None
        assert self._engine.url.database is not None  # noqa: S101 - as in `_sqlite`
        return Path(self._engine.url.database).absolute().parent

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees the database as it is now, until the block ends.

        Raises
        ------
        DatabaseError
            If the database fails.
        """
        with _failures(), self._engine.connect() as connection:
            if self.is_postgresql:
                connection = connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are kept if the block ends well, else undone.

        Raises
        ------
        DatabaseError
            If the database fails.
        """
        with _failures(), self._engine.connect() as connection:
            connection = connection.execution_options(**{_WRITING: True})
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        # What the database says may quote values; the class of its error is enough to look it up.
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise DatabaseError(
            f"The database of records and keys failed ({type(cause).__name__}).", hint=_HINT
        ) from error


def _sqlite(url: URL, sync: bool, patience_s: int) -> Engine:
    assert url.database is not None  # noqa: S101 - parse_url and sqlite_url see to it
    path = Path(url.database).absolute()
    try:
        # Records say who asked what and when: none of another user's business. SQLite gives the
        # files it makes beside this one the same permissions.
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
    except OSError as error:
        raise DatabaseError(
            f"The database {path} cannot be made: {error.strerror or error}.", hint=_HINT
        ) from error
    engine = create_engine(url, connect_args={"timeout": patience_s})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        # The driver would otherwise begin transactions of its own, and late ones.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if sync else 'NORMAL'}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Taking the right to write at once: a reader that becomes a writer later can be refused.
        writing = connection.get_execution_options().get(_WRITING, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _postgresql(url: URL, patience_s: int) -> Engine:
    milliseconds = patience_s * 1000
    return create_engine(
        url,
        # A connection that died while nobody used it is replaced, not handed out.
        pool_pre_ping=True,
        pool_timeout=PATIENCE_S,
        connect_args={
            "connect_timeout": PATIENCE_S,
            "tcp_user_timeout": milliseconds,
            "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}",
        },
    )
