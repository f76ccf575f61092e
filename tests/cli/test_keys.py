import json
from pathlib import Path

from brainlens.server.settings import Settings
from brainlens.server.storage import Storage

from .conftest import Command


def test_a_key_is_made_shown_once_and_opens(brainlens: Command, tmp_path: Path) -> None:
    said = brainlens("keys", "create", "ward 7", "--scope", "predict", "--scope", "read")
    assert said.status == 0
    key = said.out.strip()
    assert "only time" in said.err
    assert "first one" in said.err
    assert "first one" not in brainlens("keys", "create", "b", "--scope", "admin").err

    listed = brainlens("keys", "list")
    assert "ward 7" in listed.out
    assert "predict read" in listed.out
    assert key[-20:] not in listed.out + listed.err
    storage = Storage.open(Settings())
    assert storage.keys.check(key) is not None
    storage.close()


def test_a_key_is_listed_and_revoked_as_json(brainlens: Command) -> None:
    made = json.loads(
        brainlens("keys", "create", "a", "--scope", "read", "--expires", "90d", "--json").out
    )
    assert made["key"].startswith(f"bl_{made['key_id']}_")
    assert made["expires"] > made["created"]

    assert brainlens("keys", "revoke", "a").out == f"Revoked a ({made['key_id']}).\n"

    (listed,) = json.loads(brainlens("keys", "list", "--json").out)
    assert listed["state"] == "revoked"
    assert "key" not in listed
    assert brainlens("keys", "revoke", "a").status == 2


def test_another_folder_has_other_keys(brainlens: Command, tmp_path: Path) -> None:
    brainlens("keys", "create", "a", "--scope", "read", "--data-dir", tmp_path / "other")

    assert brainlens("keys", "list", "--json").out == "[]\n"
    assert len(
        json.loads(brainlens("keys", "list", "--json", "--data-dir", tmp_path / "other").out)
    )


def test_what_cannot_be_a_key(brainlens: Command) -> None:
    for options in (
        ("a/b", "--scope", "read"),
        ("a", "--scope", "write"),
        ("a",),
        ("a", "--scope", "read", "--expires", "soon"),
    ):
        said = brainlens("keys", "create", *options)
        assert said.status == 2
        assert said.error
    assert brainlens("keys", "list", "--json").out == "[]\n"


def test_scopes_are_those_of_the_service() -> None:
    from brainlens.cli.keys import ScopeName
    from brainlens.server.keys.scope import Scope

    assert [s.value for s in ScopeName] == [s.value for s in Scope]
