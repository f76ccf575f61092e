"""Stubs: what pruning leaves of the records that it deletes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from brainlens.server.records.chain import Link
from brainlens.server.records.signed import holds, sign


@dataclass(frozen=True, slots=True)
class Stub:
    """A signed statement that a stretch of a chain was pruned.

    Attributes
    ----------
    writer, first_seq, last_seq
        Which records.
    last_mac
        Code of the last of them, from which the chain goes on.
    first_time_us, last_time_us
        When the first and the last of them were made.
    pruned_us
        When they were pruned.
    """

    writer: str
    first_seq: int
    last_seq: int
    last_mac: str
    first_time_us: int
    last_time_us: int
    pruned_us: int

    @property
    def end(self) -> Link:
        """The place of the last record that it stands for."""
        return Link(self.writer, self.last_seq, self.last_mac)

    def as_row(self, key: bytes) -> dict[str, Any]:
        """Return the columns of ``stubs``, the code included."""
        statement = asdict(self)
        return {**statement, "mac": sign(key, statement)}

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> "Stub":
        """Return the stub of a row of ``stubs``."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})

    def is_signed(self, key: bytes, mac: str) -> bool:
        """Return whether ``mac`` is this stub's code."""
        return holds(key, asdict(self), mac)
