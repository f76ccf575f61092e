import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from brainlens.server.moments import now_us
from brainlens.server.records.feedback import Feedback
from brainlens.server.settings import Settings
from brainlens.server.storage import Storage

from ..server.databases import meddle, record, write
from .conftest import Command

Change = Callable[[str], None]


@pytest.fixture
def change() -> Change:
    """Write six records, the last made now; return what changes them behind the service's back."""
    storage = Storage.open(Settings())
    write(storage, *(record(n) for n in range(5)), record(5, time_us=now_us()))
    given = Feedback.now(record(1).prediction_id, key_id=None, concluded="alpha")
    storage.records.add_feedback(given)
    storage.close()

    def run(statement: str) -> None:
        opened = Storage.open(Settings())
        meddle(opened.database, statement)
        opened.close()

    return run


def test_records_that_are_whole_verify(brainlens: Command, change: Change) -> None:
    said = brainlens("log", "verify")

    assert said.status == 0
    assert "6 records in 1 chain, 0 pruned, 1 conclusion on them" in said.out
    assert "All are as they were written." in said.out
    assert "This cannot find:" in said.out


def test_a_change_is_an_exit_status(brainlens: Command, change: Change) -> None:
    change("UPDATE predictions SET predicted_class = 'beta' WHERE seq = 4")

    said = brainlens("log", "verify")
    told = json.loads(brainlens("log", "verify", "--json").out)

    assert said.status == 1
    assert "Record 4 of writer" in said.out
    assert "1 place" in said.error
    assert not told["ok"]
    assert [(f["fault"], f["first"]) for f in told["findings"]] == [("changed", 4)]
    assert brainlens("log", "head").status == 1
    assert brainlens("log", "prune", "--before", "1d").status == 1


def test_a_cut_tail_is_found_with_a_head(
    brainlens: Command, change: Change, tmp_path: Path
) -> None:
    heads = tmp_path / "heads.jsonl"
    assert brainlens("log", "head", "--out", heads).status == 0
    assert heads.read_text().count("\n") == 1
    assert json.loads(brainlens("log", "head").out)["seq"] == 6
    assert brainlens("log", "verify", "--head", heads).status == 0
    change("DELETE FROM predictions WHERE seq = 6")

    assert brainlens("log", "verify").status == 0
    said = brainlens("log", "verify", "--head", heads)

    assert said.status == 1
    assert "Record 6 of writer" in said.out
    assert "missing from the end" in said.out


def test_export_is_one_record_a_line(brainlens: Command, change: Change, tmp_path: Path) -> None:
    out = tmp_path / "records.jsonl"

    assert "6 records" in brainlens("log", "export", "--out", out).err
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    recent = brainlens("log", "export", "--since", "1h").out.splitlines()

    assert [line["seq"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert lines[1]["feedback"][0]["class"] == "alpha"
    assert [json.loads(line)["seq"] for line in recent] == [6]


def test_pruning_says_what_it_deleted(brainlens: Command, change: Change) -> None:
    said = brainlens("log", "prune", "--before", "30d")

    assert said.out.startswith("Deleted 5 records of 1 chain, made before ")
    assert "1 record in 1 chain, 5 pruned, 0 conclusions" in brainlens("log", "verify").out


def test_what_is_no_moment(brainlens: Command) -> None:
    assert brainlens("log", "prune", "--before", "once").status == 2
    assert brainlens("log", "prune").status == 2
    assert brainlens("log", "export", "--since", "once").status == 2


def test_a_database_that_cannot_be_used(
    brainlens: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRAINLENS_DATABASE_URL", "mysql://x")
    assert brainlens("log", "verify").status == 2
    (tmp_path / "bad.sqlite").write_bytes(b"no database" * 1000)
    monkeypatch.setenv("BRAINLENS_DATABASE_URL", f"sqlite:///{tmp_path / 'bad.sqlite'}")
    assert brainlens("log", "verify").status == 3


def test_the_databases_own_guard_is_in_place(change: Change) -> None:
    storage = Storage.open(Settings())
    with storage.database.reading() as connection:
        names = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        assert len(names.all()) == 6
    storage.close()
