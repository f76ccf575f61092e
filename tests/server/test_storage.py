from pathlib import Path

import pytest
from pydantic import SecretStr

from brainlens.errors import UsageError
from brainlens.server.database.database import Database, parse_url
from brainlens.server.keys.scope import Scope
from brainlens.server.secret import Secret
from brainlens.server.settings import Settings
from brainlens.server.storage import Storage

from .databases import OpenStorage


def test_everything_is_made_in_one_folder(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "kept")
    storage = Storage.open(settings)
    _, key = storage.keys.create("a", (Scope.PREDICT,))
    storage.close()

    assert {p.name for p in (tmp_path / "kept").iterdir()} == {"secret", "records.sqlite"}
    again = Storage.open(settings)
    assert again.keys.check(key) is not None
    again.close()


def test_secret_and_database_may_be_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "given").write_text("ab" * 32)
    settings = Settings(
        data_dir=tmp_path / "unused",
        secret_file=tmp_path / "given",
        database_url=SecretStr(f"sqlite:///{tmp_path / 'there' / 'r.sqlite'}"),
    )
    Storage.open(settings).close()

    assert (tmp_path / "there" / "r.sqlite").exists()
    assert not (tmp_path / "unused").exists()


def test_another_secret_is_told_from_meddling(open_storage: OpenStorage, database_url: str) -> None:
    open_storage()
    database = Database(parse_url(database_url))

    with pytest.raises(UsageError, match="another secret") as caught:
        Storage(database, Secret(bytes(32)))

    database.close()
    assert "BRAINLENS_SECRET_FILE" in caught.value.hint


def test_a_secret_that_does_not_fit_closes_the_database(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    Storage.open(settings).close()
    (tmp_path / "secret").write_text("cd" * 32)

    with pytest.raises(UsageError, match="another secret"):
        Storage.open(settings)
