"""Codes over single statements: heads, stubs, feedback."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from brainlens.files import canonical_json


def sign(key: bytes, statement: Mapping[str, Any]) -> str:
    """Return HMAC-SHA256 of a statement's canonical JSON, in hex."""
    return hmac.new(key, canonical_json(dict(statement)), hashlib.sha256).hexdigest()


def holds(key: bytes, statement: Mapping[str, Any], mac: str) -> bool:
    """Return whether ``mac`` is the code of ``statement``; takes as long wherever they differ."""
    return hmac.compare_digest(sign(key, statement).encode(), mac.encode())
