"""API keys: how they look, and what is kept of them.

A key is ``bl_<id>_<secret>``. The id is public: lists, records and logs show it. Of the secret only
a keyed hash is kept; see docs/decisions/0015-api-keys.md for why that and no slow password hash.
"""

import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

from brainlens.server.keys.scope import Scope
from brainlens.server.records.signed import sign

_ID_BYTES: Final = 8
_SECRET_BYTES: Final = 32
_FORM: Final = re.compile(r"bl_([0-9a-f]{16})_([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key without its secret.

    Attributes
    ----------
    key_id
        Its public identifier.
    name
        What its maker called it.
    scopes
        What it was made for.
    created_us, expires_us, revoked_us, last_used_us
        Moments in microseconds since 1970, UTC; None where there is none. ``last_used_us`` may lag
        behind by a minute.
    """

    key_id: str
    name: str
    scopes: tuple[Scope, ...]
    created_us: int
    expires_us: int | None
    revoked_us: int | None = None
    last_used_us: int | None = None

    def state(self, now_us: int) -> str:
        """Return ``active``, ``expired`` or ``revoked``."""
        if self.revoked_us is not None:
            return "revoked"
        expired = self.expires_us is not None and self.expires_us <= now_us
        return "expired" if expired else "active"


def new_id() -> str:
    """Return a random identifier."""
    return secrets.token_hex(_ID_BYTES)


def new_secret() -> str:
    """Return 256 random bits in hex."""
    return secrets.token_hex(_SECRET_BYTES)


def spell(key_id: str, secret: str) -> str:
    """Return the key as its holder sends it."""
    return f"bl_{key_id}_{secret}"


def parse(text: str) -> tuple[str, str] | None:
    """Return identifier and secret of a key, or None for what is no key."""
    match = _FORM.fullmatch(text)
    return (match[1], match[2]) if match else None


def hash_of(pepper: bytes, key: ApiKey, secret: str) -> str:
    """Return what is kept of a secret.

    It covers what the key may do and until when, so that nobody who can only write to the database
    can give a key more scopes or a longer life: it would no longer open anything.
    """
    return sign(
        pepper,
        {
            "key_id": key.key_id,
            "name": key.name,
            "scopes": sorted(key.scopes),
            "created_us": key.created_us,
            "expires_us": key.expires_us,
            "secret": secret,
        },
    )


def same(left: str, right: str) -> bool:
    """Return whether two hashes are one; takes as long wherever they differ."""
    return hmac.compare_digest(left.encode(), right.encode())
