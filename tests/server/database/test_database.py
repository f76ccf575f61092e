import sqlite3
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from brainlens.errors import MissingExtra, UsageError
from brainlens.server.database import database as module
from brainlens.server.database import migrate
from brainlens.server.database.database import Database, DatabaseError, parse_url, sqlite_url
from brainlens.server.database.migrate import NEWEST, revision_of
from brainlens.server.database.tables import metadata


def test_migrations_lead_to_the_tables(database_url: str) -> None:
    database = Database(parse_url(database_url))

    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert revision_of(connection) == NEWEST
    database.close()


def test_the_newest_step_is_the_newest() -> None:
    folder = Path(migrate.__file__).parent / "migrations"

    assert ScriptDirectory(str(folder)).get_heads() == [NEWEST]


def test_many_may_start_together(database_url: str) -> None:
    failed: list[BaseException] = []

    def start() -> None:
        try:
            Database(parse_url(database_url)).close()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []


def test_tables_of_a_newer_version_are_left_alone(database_url: str) -> None:
    database = Database(parse_url(database_url))
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()

    with pytest.raises(UsageError, match="newer") as caught:
        Database(parse_url(database_url))

    assert "Update" in caught.value.hint


def test_a_block_that_fails_changes_nothing(database_url: str) -> None:
    database = Database(parse_url(database_url))

    def fail() -> None:
        with database.writing() as connection:
            connection.execute(text("INSERT INTO secret_check (one, mac) VALUES (1, 'x')"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    with database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM secret_check")) == 0
    database.close()


def test_a_reader_sees_one_moment(database_url: str) -> None:
    database = Database(parse_url(database_url))
    with database.reading() as reader:
        before = reader.scalar(text("SELECT count(*) FROM secret_check"))
        with database.writing() as writer:
            writer.execute(text("INSERT INTO secret_check (one, mac) VALUES (1, 'x')"))

        assert before == 0
        assert reader.scalar(text("SELECT count(*) FROM secret_check")) == 0
    database.close()


def test_what_the_database_says_is_not_repeated(database_url: str) -> None:
    database = Database(parse_url(database_url))

    with pytest.raises(DatabaseError) as caught, database.writing() as connection:
        connection.execute(text("INSERT INTO no_such_table VALUES ('private')"))

    assert "private" not in str(caught.value)
    assert caught.value.hint
    database.close()


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    path.write_bytes(b"no database at all" * 100)

    with pytest.raises(DatabaseError):
        Database(sqlite_url(path))


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(DatabaseError, match="cannot be made"):
        Database(sqlite_url(tmp_path / "file" / "records.sqlite"))


def test_everything_is_for_its_owner_alone(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "kept" / "records.sqlite"))
    made = [tmp_path / "kept", *(tmp_path / "kept").iterdir()]

    assert len(made) == 4
    assert all(path.stat().st_mode & 0o077 == 0 for path in made)
    database.close()


@pytest.mark.parametrize(("sync", "level"), [(False, 1), (True, 2)])
def test_sqlite_keeps_a_log_ahead_and_syncs_as_told(tmp_path: Path, sync: bool, level: int) -> None:
    database = Database(sqlite_url(tmp_path / "a.sqlite"), sync=sync)
    with database.reading() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == level
    database.close()


def test_a_full_disk_is_an_error_and_over_when_there_is_room(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    Database(sqlite_url(path)).close()
    database = Database(sqlite_url(path))
    big = {"mac": "x" * 1_000_000}
    insert = text("INSERT INTO secret_check (one, mac) VALUES (1, :mac)")

    def write(most_pages: int) -> None:
        with database.writing() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {most_pages}")
            connection.execute(insert, big)

    with pytest.raises(DatabaseError):
        write(60)
    write(100_000)

    database.close()
    with sqlite3.connect(path) as plain:
        assert plain.execute("SELECT count(*) FROM secret_check").fetchone() == (1,)
    plain.close()


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://name:word@host/base",
        "postgresql+asyncpg://name:word@host/base",
        "postgresql://name:word@host:port/base",
    ],
)
def test_other_databases_are_refused_without_the_password(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_url(url)

    assert "word@" not in caught.value.message
    assert "BRAINLENS_DATABASE_URL" in caught.value.hint


def test_a_missing_driver_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _: None)

    with pytest.raises(MissingExtra, match="psycopg") as caught:
        parse_url("postgresql://host/base")

    assert "brainlens[postgres]" in caught.value.hint
