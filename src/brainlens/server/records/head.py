"""Heads: signed statements of how far a chain went, to be kept away from the database.

Records that are cut off the end of a chain leave no trace in what remains. A head that was written
down elsewhere tells of them.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from brainlens.errors import DataError, StorageError
from brainlens.server.records.chain import Link
from brainlens.server.records.signed import holds, sign

EVENT: Final = "records_head"


@dataclass(frozen=True, slots=True)
class Head:
    """How far a chain went at a moment.

    Attributes
    ----------
    link
        Its last record then.
    time_us
        The moment, in microseconds since 1970, UTC.
    mac
        Code of both, in hex.
    """

    link: Link
    time_us: int
    mac: str

    @classmethod
    def of(cls, key: bytes, link: Link, time_us: int) -> "Head":
        """Return the signed head of a chain that ends at ``link``."""
        return cls(link, time_us, sign(key, _statement(link, time_us)))

    def is_signed(self, key: bytes) -> bool:
        """Return whether it was signed with ``key``."""
        return holds(key, _statement(self.link, self.time_us), self.mac)

    def as_json(self) -> dict[str, Any]:
        """Return it as it stands in logs and files."""
        statement = _statement(self.link, self.time_us)
        return {"event": EVENT, **statement, "signature": self.mac}


def _statement(link: Link, time_us: int) -> dict[str, Any]:
    return {"writer": link.writer, "seq": link.seq, "mac": link.mac, "time_us": time_us}


def write_heads(heads: Iterable[Head]) -> str:
    """Return the text of a file of heads: one JSON object a line."""
    return "".join(json.dumps(head.as_json()) + "\n" for head in heads)


def read_heads(path: Path) -> list[Head]:
    """Return the heads of a file; other lines are passed over, so a service's log will do.

    Raises
    ------
    DataError
        If there is none in it.
    StorageError
        If it cannot be read.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            heads = list(_heads(file))
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read: {error.strerror or error}.", hint="Check its path."
        ) from error
    if not heads:
        raise DataError(
            f"There is no head in {path}.",
            hint="Give a file of brainlens log head, or the log of a service.",
        )
    return heads


def _heads(lines: Iterable[str]) -> Iterator[Head]:
    for line in lines:
        if EVENT not in line:
            continue
        try:
            told = json.loads(line)
            if told["event"] != EVENT:
                continue
            link = Link(str(told["writer"]), int(told["seq"]), str(told["mac"]))
            yield Head(link, int(told["time_us"]), str(told["signature"]))
        except (ValueError, KeyError, TypeError):
            # A line cut short by a full disk, or another program's: it cannot be a head.
            continue
