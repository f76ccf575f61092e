"""Everything an installation keeps: its secret, its keys, its records."""

from typing import Final

from sqlalchemy import select, text

from brainlens.errors import UsageError
from brainlens.server.database.database import PATIENCE_S, Database, parse_url, sqlite_url
from brainlens.server.database.tables import secret_check
from brainlens.server.keys.store import KeyStore
from brainlens.server.records.signed import holds, sign
from brainlens.server.records.store import RecordStore
from brainlens.server.records.verify import Keys
from brainlens.server.records.writer import RecordWriter
from brainlens.server.secret import Secret
from brainlens.server.settings import Settings

SECRET_FILE: Final = "secret"  # noqa: S105 - a file's name
SQLITE_FILE: Final = "records.sqlite"
_CHECKED: Final = {"what": "brainlens"}


class Storage:
    """What an installation keeps, opened.

    Parameters
    ----------
    database
        An open database; closed with this object.
    secret
        The secret that its rows are signed with.

    Raises
    ------
    UsageError
        If the rows were signed with another secret.
    DatabaseError
        If the database fails.
    """

    def __init__(self, database: Database, secret: Secret) -> None:
        self.database = database
        self.secret = secret
        _check(database, secret)
        self.keys = KeyStore(database, secret.key("keys"))
        self.records = RecordStore(database, secret.key("feedback"))
        self.codes = Keys.of(secret)

    @classmethod
    def open(cls, settings: Settings, *, patience_s: int = PATIENCE_S) -> "Storage":
        """Open what the settings name; made where there is nothing yet.

        Parameters
        ----------
        settings
            Where everything is.
        patience_s
            Seconds after which a database that does not answer counts as gone.

        Raises
        ------
        UsageError, MissingExtra
            If the secret or the database's URL cannot be used.
        StorageError
            If the file system or the database fails.
        """
        folder = settings.data_dir
        if settings.secret_file is not None:
            secret = Secret.read(settings.secret_file)
        else:
            secret = Secret.read_or_make(folder / SECRET_FILE)
        given = settings.database_url
        url = parse_url(given.get_secret_value()) if given else sqlite_url(folder / SQLITE_FILE)
        database = Database(url, sync=settings.sync_records, patience_s=patience_s)
        try:
            return cls(database, secret)
        except BaseException:
            database.close()
            raise

    def writer(self) -> RecordWriter:
        """Return a new writer of records, to be closed before this."""
        return RecordWriter(self.database, self.codes.records)

    def close(self) -> None:
        """Close the database."""
        self.database.close()


def _check(database: Database, secret: Secret) -> None:
    """See that rows of another secret are not mistaken for rows that were meddled with."""
    key = secret.key("check")
    with database.writing() as connection:
        # Of processes that start together, one writes it and all then read the same.
        connection.execute(
            text("INSERT INTO secret_check (one, mac) VALUES (1, :mac) ON CONFLICT DO NOTHING"),
            {"mac": sign(key, _CHECKED)},
        )
        mac = connection.scalars(select(secret_check.c.mac)).one()
    if not holds(key, _CHECKED, mac):
        raise UsageError(
            "The database of records and keys was made with another secret.",
            hint="Give the file of that secret with BRAINLENS_SECRET_FILE, or another database.",
        )
