import threading

import pytest
from sqlalchemy import select

from brainlens.errors import UsageError
from brainlens.server.database.tables import api_keys
from brainlens.server.keys import store as module
from brainlens.server.keys.key import parse
from brainlens.server.keys.scope import Scope, granted
from brainlens.server.keys.store import KeyStore, UnknownKey
from brainlens.server.storage import Storage

from ..databases import OpenStorage

_SECOND = 1_000_000
PREDICT = (Scope.PREDICT,)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the present moment as a list of one, to be set."""
    now = [1_700_000_000 * _SECOND]
    monkeypatch.setattr(module, "now_us", lambda: now[0])
    return now


def test_a_key_opens_and_is_kept_as_a_hash_only(storage: Storage) -> None:
    made, text_ = storage.keys.create("ward 7", (Scope.READ, Scope.PREDICT))

    found = storage.keys.check(text_)

    assert found is not None
    assert (found.key_id, found.name) == (made.key_id, "ward 7")
    assert found.scopes == (Scope.PREDICT, Scope.READ)
    parts = parse(text_)
    assert parts is not None
    assert parts[0] == made.key_id
    with storage.database.reading() as connection:
        (row,) = connection.execute(select(api_keys))
    assert parts[1] not in repr(row)


def test_two_keys_have_nothing_in_common(storage: Storage) -> None:
    (_, one), (_, other) = (storage.keys.create(name, PREDICT) for name in ("a", "b"))
    ours, theirs = parse(one), parse(other)
    assert ours is not None
    assert theirs is not None

    assert ours[0] != theirs[0]
    assert storage.keys.check(f"bl_{ours[0]}_{theirs[1]}") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda key: "",
        lambda key: key[:-1],
        lambda key: key + "0",
        lambda key: key.upper(),
        lambda key: key[:-1] + ("0" if key[-1] != "0" else "1"),
        lambda key: "bl_" + "0" * 16 + key[19:],
        lambda key: key.replace("bl_", "xx_"),
        lambda key: key + "\n",
        lambda key: key.replace("_", "_\N{ARABIC-INDIC DIGIT ONE}"),
    ],
)
def test_what_is_not_the_key_does_not_open(storage: Storage, change) -> None:  # type: ignore[no-untyped-def]  # lambdas above
    _, key = storage.keys.create("a", PREDICT)

    assert storage.keys.check(change(key)) is None


def test_a_revoked_key_is_refused_at_once_everywhere(open_storage: OpenStorage) -> None:
    ours, theirs = open_storage(), open_storage()
    made, key = ours.keys.create("a", PREDICT)
    assert theirs.keys.check(key) is not None

    revoked = ours.keys.revoke("a")

    assert revoked.state(0) == "revoked"
    assert theirs.keys.check(key) is None
    with pytest.raises(UnknownKey):
        ours.keys.revoke(made.key_id)
    again, new = ours.keys.create("a", PREDICT)
    assert ours.keys.revoke(again.key_id).key_id == again.key_id
    assert theirs.keys.check(new) is None
    assert [k.state(0) for k in ours.keys.list()] == ["revoked", "revoked"]


def test_a_key_expires(storage: Storage, clock: list[int]) -> None:
    _, key = storage.keys.create("a", PREDICT, lifetime_s=60)

    clock[0] += 60 * _SECOND - 1
    assert storage.keys.check(key) is not None
    clock[0] += 1
    assert storage.keys.check(key) is None
    assert storage.keys.list()[0].state(clock[0]) == "expired"


def test_last_use_is_noted_once_a_minute(storage: Storage, clock: list[int]) -> None:
    _, key = storage.keys.create("a", PREDICT)
    assert storage.keys.list()[0].last_used_us is None

    noted = []
    for step in (0, 1, 58, 1, 100):
        clock[0] += step * _SECOND
        storage.keys.check(key)
        noted.append(storage.keys.list()[0].last_used_us)

    start = clock[0] - 160 * _SECOND
    assert [None if n is None else (n - start) // _SECOND for n in noted] == [0, 0, 0, 60, 160]


def test_a_wrong_key_is_not_noted_as_used(storage: Storage) -> None:
    _, key = storage.keys.create("a", PREDICT)
    storage.keys.check(key[:-1] + ("0" if key[-1] != "0" else "1"))

    assert storage.keys.list()[0].last_used_us is None


@pytest.mark.parametrize(
    "change", ["scopes = 'admin'", "expires_us = NULL", "name = 'b'", "created_us = 5"]
)
def test_a_key_changed_in_the_database_opens_nothing(storage: Storage, change: str) -> None:
    _, key = storage.keys.create("a", PREDICT, lifetime_s=10_000)
    with storage.database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE api_keys SET {change}")  # noqa: S608

    assert storage.keys.check(key) is None


def test_another_installations_hash_opens_nothing(storage: Storage) -> None:
    _, key = storage.keys.create("a", PREDICT)

    assert KeyStore(storage.database, bytes(32)).check(key) is None


def test_keys_are_needed_once_one_was_made(open_storage: OpenStorage) -> None:
    ours, theirs = open_storage(), open_storage()
    assert not theirs.keys.any()

    ours.keys.create("a", PREDICT)
    assert theirs.keys.any()
    ours.keys.revoke("a")

    assert theirs.keys.any()
    assert open_storage().keys.any()


@pytest.mark.parametrize("name", ["", " a", "a" * 65, "a\nb", "é", "a/b"])
def test_names_are_plain(storage: Storage, name: str) -> None:
    with pytest.raises(UsageError, match="name of a key"):
        storage.keys.create(name, PREDICT)


def test_a_key_needs_a_scope(storage: Storage) -> None:
    with pytest.raises(UsageError, match="scope"):
        storage.keys.create("a", ())


def test_two_keys_cannot_share_a_name(storage: Storage) -> None:
    storage.keys.create("a", PREDICT)

    with pytest.raises(UsageError, match="already") as caught:
        storage.keys.create("a", PREDICT)

    assert "revoke" in caught.value.hint


def test_keys_may_be_checked_by_many_threads(storage: Storage) -> None:
    _, key = storage.keys.create("a", PREDICT)
    found: list[bool] = []

    def work() -> None:
        found.extend(storage.keys.check(key) is not None for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [True] * 120


def test_admin_holds_all_scopes() -> None:
    assert granted([Scope.ADMIN]) == set(Scope)
    assert granted([Scope.READ]) == {Scope.READ}
