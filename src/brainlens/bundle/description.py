"""``bundle.json`` to and from bytes, with its own hash inside."""

import json
from typing import Any

from pydantic import ValidationError

from brainlens.bundle.schema import DESCRIPTION, SCHEMA, BundleInfo
from brainlens.errors import BundleInvalid
from brainlens.files import canonical_json, sha256_bytes

_AGAIN = "Fetch or export the bundle again."


def _spell(raw: dict[str, Any]) -> bytes:
    """Return the one spelling of ``bundle.json``: indented, so that people can read it."""
    return (json.dumps(raw, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _own_hash(raw: dict[str, Any]) -> str:
    rest = {key: value for key, value in raw.items() if key != "description_sha256"}
    return sha256_bytes(canonical_json(rest))


def seal(info: BundleInfo) -> BundleInfo:
    """Return ``info`` with ``description_sha256`` filled in.

    Raises
    ------
    BundleInvalid
        If a number is not finite, which JSON cannot hold.
    """
    try:
        own_hash = _own_hash(info.model_dump(mode="json", by_alias=True))
    except ValueError as error:
        raise BundleInvalid(
            f"{DESCRIPTION} cannot be written: {error}.",
            hint="Give None for a figure that is undefined.",
        ) from error
    return info.model_copy(update={"description_sha256": own_hash})


def encode(info: BundleInfo) -> bytes:
    """Return the bytes of ``bundle.json`` for a sealed description."""
    return _spell(info.model_dump(mode="json", by_alias=True))


def decode(data: bytes) -> BundleInfo:
    """Return the description that ``data`` spells.

    Raises
    ------
    BundleInvalid
        If it is not JSON, of another schema, breaks the schema, or differs in any byte from what
        was written.
    """
    raw = _parse(data)
    if raw.get("schema") != SCHEMA:
        raise BundleInvalid(
            f"{DESCRIPTION} has schema {raw.get('schema')!r}; this version reads schema {SCHEMA}.",
            hint="Install the BrainLens version that wrote the bundle, or a newer one.",
        )
    try:
        info = BundleInfo.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise BundleInvalid(
            f"{DESCRIPTION} breaks its schema at {place}: {first['msg']}.", hint=_AGAIN
        ) from error
    if info.description_sha256 != _own_hash(raw):
        raise BundleInvalid(f"{DESCRIPTION} was changed after it was written.", hint=_AGAIN)
    return info


def _parse(data: bytes) -> dict[str, Any]:
    """Parse strictly: any spelling but our own means that the file was touched."""
    try:
        raw = json.loads(data)
        same = isinstance(raw, dict) and _spell(raw) == data
    except (ValueError, RecursionError) as error:
        raise BundleInvalid(f"{DESCRIPTION} is not valid JSON: {error}.", hint=_AGAIN) from error
    if not same:
        raise BundleInvalid(f"{DESCRIPTION} was changed after it was written.", hint=_AGAIN)
    assert isinstance(raw, dict)  # noqa: S101 - says to the type checker what `same` holds
    return raw
