"""The keys of an installation."""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import bindparam, insert, or_, select, update

from brainlens.errors import InputError, UsageError
from brainlens.server.database.database import Database
from brainlens.server.database.tables import api_keys
from brainlens.server.keys.key import ApiKey, hash_of, new_id, new_secret, parse, same, spell
from brainlens.server.keys.scope import Scope
from brainlens.server.moments import now_us

#: Seconds between two notes of a key's last use: one a request would be a write for each.
USE_NOTED_EVERY_S: Final = 60
_MILLION: Final = 1_000_000
# Asked at every request: put together once, which is half of what asking SQLite takes.
_BY_ID: Final = select(api_keys).where(api_keys.c.key_id == bindparam("wanted"))
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")


class UnknownKey(InputError):
    """There is no key of that name or id that could be revoked."""

    code = "unknown_key"


class KeyStore:
    """Makes, finds, checks and revokes keys; for many threads and processes.

    Parameters
    ----------
    database
        Where they are kept.
    pepper
        Key of the hashes: whoever reads the database alone cannot even try keys out.
    """

    def __init__(self, database: Database, pepper: bytes) -> None:
        self._database = database
        self._pepper = pepper
        #: Whether `any` has found one: no key is ever deleted, so it need not be asked again.
        self.known = False
        # Compared with where there is no such key, so that a wrong id takes as long.
        self._nobody = ApiKey(new_id(), "nobody", (), 0, None)

    def any(self) -> bool:
        """Return whether a key was ever made; one that has expired or is revoked counts too.

        Raises
        ------
        DatabaseError
            If the database fails.
        """
        if not self.known:
            with self._database.reading() as connection:
                found = connection.scalar(select(api_keys.c.key_id).limit(1))
            self.known = found is not None
        return self.known

    def create(
        self, name: str, scopes: Collection[Scope], *, lifetime_s: int | None = None
    ) -> tuple[ApiKey, str]:
        """Make a key.

        Parameters
        ----------
        name
            For people: up to 64 letters, digits, spaces, dots, hyphens, underscores.
        scopes
            What it may do, at least one.
        lifetime_s
            Seconds until it expires; None for never.

        Returns
        -------
        key, text
            What is kept, and the key itself, which nobody can tell again.

        Raises
        ------
        UsageError
            If the name is of another form or in use, or there is no scope.
        DatabaseError
            If the database fails.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} cannot be the name of a key.",
                hint="Use up to 64 letters, digits, spaces, dots, hyphens and underscores.",
            )
        if not scopes:
            raise UsageError(
                "A key without a scope opens nothing.", hint="Add --scope predict, read or admin."
            )
        created = now_us()
        expires = None if lifetime_s is None else created + lifetime_s * _MILLION
        key = ApiKey(new_id(), name, tuple(sorted(set(scopes))), created, expires)
        secret = new_secret()
        with self._database.writing() as connection:
            c = api_keys.c
            taken = select(c.key_id).where(c.name == name, c.revoked_us.is_(None))
            if connection.scalar(taken) is not None:
                raise UsageError(
                    f"There is a key named {name} already.",
                    hint=f"Choose another name, or revoke it: brainlens keys revoke {name!r}.",
                )
            connection.execute(
                insert(api_keys).values(
                    key_id=key.key_id,
                    name=name,
                    scopes=" ".join(key.scopes),
                    created_us=created,
                    expires_us=expires,
                    hash=hash_of(self._pepper, key, secret),
                )
            )
        return key, spell(key.key_id, secret)

    def list(self) -> tuple[ApiKey, ...]:
        """Return all keys, oldest first, revoked ones too.

        Raises
        ------
        DatabaseError
            If the database fails.
        """
        wanted = select(api_keys).order_by(api_keys.c.created_us, api_keys.c.key_id)
        with self._database.reading() as connection:
            return tuple(_key(row) for row in connection.execute(wanted).mappings())

    def revoke(self, name_or_id: str) -> ApiKey:
        """Revoke a key; the next request with it is refused by every process.

        Raises
        ------
        UnknownKey
            If no key of that name or id is left to revoke.
        DatabaseError
            If the database fails.
        """
        c = api_keys.c
        wanted = select(api_keys).where(
            c.revoked_us.is_(None), or_(c.name == name_or_id, c.key_id == name_or_id)
        )
        with self._database.writing() as connection:
            row = connection.execute(wanted).mappings().first()
            if row is None:
                raise UnknownKey(
                    f"There is no key {name_or_id!r} left to revoke.",
                    hint="See them: brainlens keys list.",
                )
            found = update(api_keys).where(c.key_id == row["key_id"])
            connection.execute(found.values(revoked_us=now_us()))
            return _key({**row, "revoked_us": now_us()})

    def check(self, text: str) -> ApiKey | None:
        """Return the active key that ``text`` is, or None; its use is noted.

        Raises
        ------
        DatabaseError
            If the database fails.
        """
        parts = parse(text)
        if parts is None:
            return None
        key_id, secret = parts
        with self._database.reading() as connection:
            found = connection.execute(_BY_ID, {"wanted": key_id})
            row = found.mappings().one_or_none()
        key = self._nobody if row is None else _key(row)
        matches = same(hash_of(self._pepper, key, secret), "" if row is None else row["hash"])
        now = now_us()
        if not matches or key.state(now) != "active":
            return None
        if key.last_used_us is None or now - key.last_used_us >= USE_NOTED_EVERY_S * _MILLION:
            self._note_use(key_id, now)
        return key

    def _note_use(self, key_id: str, now: int) -> None:
        with self._database.writing() as connection:
            found = update(api_keys).where(api_keys.c.key_id == key_id)
            connection.execute(found.values(last_used_us=now))


def _key(row: Mapping[Any, Any]) -> ApiKey:
    return ApiKey(
        key_id=row["key_id"],
        name=row["name"],
        scopes=tuple(Scope(scope) for scope in row["scopes"].split()),
        created_us=row["created_us"],
        expires_us=row["expires_us"],
        revoked_us=row["revoked_us"],
        last_used_us=row["last_used_us"],
    )
