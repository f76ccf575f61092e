"""Bring a database to the newest form of the tables."""

from typing import Final

from sqlalchemy import Connection, inspect, text

from brainlens.errors import UsageError

#: The newest step under ``migrations/versions``.
NEWEST: Final = "0002"
_SCRIPTS: Final = "brainlens.server.database:migrations"
_VERSION_TABLE: Final = "alembic_version"
# Any number will do as long as all programs of this database agree on it.
_LOCK: Final = 0x627261696E6C656E


def migrate(connection: Connection) -> None:
    """Bring the tables up to date, where they are not; to be called inside a transaction.

    Raises
    ------
    UsageError
        If the tables were made by a newer version, which may only be read by that.
    """
    if revision_of(connection) == NEWEST:
        return
    if connection.dialect.name == "postgresql":
        # Two services that start together must not both make the tables. (SQLite's transaction
        # is exclusive already.)
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    # Costs a tenth of a second, which a start does not have to spend when all is up to date.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    config.set_main_option("path_separator", "os")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = revision_of(connection)
    if found is not None and found not in known:
        raise UsageError(
            f"The database is of a newer BrainLens: its tables are of step {found}, and the "
            f"newest known here is {NEWEST}.",
            hint="Update BrainLens, or give another database.",
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def revision_of(connection: Connection) -> str | None:
    """Return the step a database is at, or None for an empty one."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    revision = connection.scalar(text(f"SELECT version_num FROM {_VERSION_TABLE}"))  # noqa: S608 - a constant
    return None if revision is None else str(revision)
