"""Chains: each record carries a code over itself and over the code before it.

One writer (a process, or what it became after its database had failed) has one chain, so writers
need not wait for each other. The code of record n is

    HMAC-SHA256(key, code of record n-1 || canonical JSON of the record, the writer and n)

and the code before the first is HMAC-SHA256(key, writer). Whoever lacks the key can neither change
a record nor leave one out without all codes from there on being wrong (Schneier and Kelsey 1999,
without their evolving key: who holds the installation's secret can rewrite a chain).
"""

import hashlib
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from brainlens.files import canonical_json
from brainlens.server.records.record import Record

#: The columns that a code covers besides the writer and the number.
COVERED: Final = tuple(Record.__dataclass_fields__)
#: Those of them that came later. A code covers one only where it holds a value, so that records
#: from before keep their codes; a value put in or taken out changes the code all the same.
ADDED: Final = frozenset({"distance"})


@dataclass(frozen=True, slots=True)
class Link:
    """A place in a chain: the record numbered ``seq`` of ``writer`` has the code ``mac`` (hex)."""

    writer: str
    seq: int
    mac: str


def new_chain(key: bytes) -> Link:
    """Return the place before the first record of a new writer."""
    return start(key, uuid.uuid4().hex)


def start(key: bytes, writer: str) -> Link:
    """Return the place before the first record of a writer."""
    return Link(writer, 0, hmac.new(key, writer.encode(), hashlib.sha256).hexdigest())


def follow(key: bytes, previous: Link, row: Mapping[Any, Any]) -> Link:
    """Return the place behind ``previous`` of the record whose columns are in ``row``.

    The code is over the columns as they are stored, so that one changed letter tells.

    Raises
    ------
    ValueError, TypeError
        If a value is none that a record can hold.
    """
    seq = previous.seq + 1
    covered = {n: row[n] for n in COVERED if not (n in ADDED and row[n] is None)}
    text = canonical_json({**covered, "writer": previous.writer, "seq": seq})
    code = hmac.new(key, bytes.fromhex(previous.mac) + text, hashlib.sha256)
    return Link(previous.writer, seq, code.hexdigest())
