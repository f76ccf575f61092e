"""Whether the records are those that were written."""

import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, Executable, column, select, union

from brainlens.server.database.database import Database
from brainlens.server.database.tables import feedback, predictions, stubs
from brainlens.server.records.chain import COVERED, Link, follow, start
from brainlens.server.records.feedback import Feedback
from brainlens.server.records.head import Head
from brainlens.server.records.stub import Stub
from brainlens.server.secret import Secret

CANNOT_FIND: Final = (
    "Records cut off the end of a chain, or a whole chain, unless a head that was kept elsewhere "
    "names a later record (--head).",
    "Feedback that was removed whole.",
    "Anything done by somebody who holds the secret of this installation, or who controlled the "
    "service while it wrote.",
)
_AT_ONCE: Final = 1000

Fault = Literal["changed", "removed", "cut_off", "head_differs", "bad_head", "bad_stub"]
SAID: Final[Mapping[Fault, str]] = {
    "changed": "is not what was written there: changed, moved or put in",
    "removed": "is missing between others",
    "cut_off": "is missing from the end, though a head names it",
    "head_differs": "is not the one that a head names",
    "bad_head": "is named by a head that was not signed with this installation's secret",
    "bad_stub": "is in a stretch that is said to be pruned without a valid signature",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written.

    Attributes
    ----------
    fault
        What kind; `SAID` has it in words.
    writer
        The chain; for feedback the prediction.
    first, last
        The records concerned; for feedback both are 0.
    """

    fault: Fault
    writer: str
    first: int
    last: int

    def __str__(self) -> str:
        if self.first == 0:
            return f"Feedback on prediction {self.writer} {SAID[self.fault]}."
        which = f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"
        return f"Record {which} of writer {self.writer} {SAID[self.fault]}."


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk along all chains came to.

    Attributes
    ----------
    n_records, n_pruned, n_feedback
        Records there, records that valid stubs stand for, conclusions there.
    ends
        The last record of each chain.
    findings
        What is not as it was written; empty if nothing.
    """

    n_records: int
    n_pruned: int
    n_feedback: int
    ends: tuple[Link, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of all codes on records."""

    records: bytes
    heads: bytes
    stubs: bytes
    feedback: bytes

    @classmethod
    def of(cls, secret: Secret) -> "Keys":
        """Return the keys of an installation."""
        return cls(*(secret.key(p) for p in ("records", "heads", "stubs", "feedback")))


def verify(database: Database, keys: Keys, heads: Sequence[Head] = ()) -> Verification:
    """Walk along all chains, with a few records in memory at a time.

    Parameters
    ----------
    database
        Where the records are.
    keys
        The keys they were written with.
    heads
        What is known, from elsewhere, of how far chains went.

    Raises
    ------
    DatabaseError
        If the database fails.
    """
    signed = [head for head in heads if head.is_signed(keys.heads)]
    findings = [
        Finding("bad_head", head.link.writer, head.link.seq, head.link.seq)
        for head in heads
        if head not in signed
    ]
    ends, n_records, n_pruned = [], 0, 0
    with database.reading() as connection:
        known = set(connection.scalars(union(select(predictions.c.writer), select(stubs.c.writer))))
        for writer in sorted(known | {head.link.writer for head in signed}):
            links = [head.link for head in signed if head.link.writer == writer]
            walk = Walk(connection, keys, writer, links)
            walk.run()
            findings += walk.findings
            n_records += walk.n_records
            n_pruned += walk.n_pruned
            ends.append(walk.end)
        n_feedback, bad = _feedback(connection, keys.feedback)
    return Verification(n_records, n_pruned, n_feedback, tuple(ends), (*findings, *bad))


class Walk:
    """One way along one chain.

    Parameters
    ----------
    connection
        A reading connection.
    keys
        The keys it was written with.
    writer
        Whose chain.
    heads
        Places it is known to have had, from valid heads.

    Attributes
    ----------
    end
        The place reached.
    findings
        What was found on the way.
    n_records, n_pruned
        Records there, records that valid stubs stand for.
    """

    def __init__(
        self, connection: Connection, keys: Keys, writer: str, heads: Sequence[Link] = ()
    ) -> None:
        self._connection = connection
        self._keys = keys
        self._writer = writer
        self._heads = {link.seq: link.mac for link in sorted(heads, key=lambda link: link.seq)}
        self.end = start(keys.records, writer)
        self.findings: list[Finding] = []
        self.n_records = 0
        self.n_pruned = 0

    def run(self) -> None:
        """Go from the first record, or the last stub, to the end."""
        self._pass_stubs()
        for row in self._rows():
            self._pass_record(row)
        last = max(self._heads, default=0)
        if last > self.end.seq:
            self._find("cut_off", self.end.seq + 1, last)

    def _find(self, fault: Fault, first: int, last: int) -> None:
        self.findings.append(Finding(fault, self._writer, first, last))

    def _pass_stubs(self) -> None:
        wanted = select(stubs).where(stubs.c.writer == self._writer).order_by(stubs.c.first_seq)
        for row in self._connection.execute(wanted).mappings():
            stub = Stub.from_row(row)
            valid = stub.is_signed(self._keys.stubs, row["mac"])
            if not valid:
                self._find("bad_stub", stub.first_seq, stub.last_seq)
                continue
            if stub.first_seq != self.end.seq + 1:
                self._find("removed", self.end.seq + 1, stub.first_seq - 1)
            self.n_pruned += stub.last_seq - stub.first_seq + 1
            self._arrive(stub.end)

    def _rows(self) -> Iterator[Mapping[Any, Any]]:
        # Columns without their types: a value of a foreign type must be found, not stumbled over.
        names = ("seq", "mac", *COVERED)
        wanted: Executable = (
            select(*(column(name) for name in names))
            .select_from(predictions)
            .where(predictions.c.writer == self._writer, predictions.c.seq > self.end.seq)
            .order_by(predictions.c.seq)
        )
        options = {"yield_per": _AT_ONCE}
        yield from self._connection.execute(wanted, execution_options=options).mappings()

    def _pass_record(self, row: Mapping[Any, Any]) -> None:
        seq, mac = row["seq"], str(row["mac"])
        self.n_records += 1
        if seq != self.end.seq + 1:
            self._find("removed", self.end.seq + 1, seq - 1)
            # Its code was made over one that is gone: it cannot be checked, its successors can.
        elif not _matches(self._keys.records, self.end, row, mac):
            self._find("changed", seq, seq)
        # From here on with the code that is stored: the next record was chained to that one, so
        # that each change is found at its place and not at all places after it.
        self._arrive(Link(self._writer, seq, mac if _is_code(mac) else self.end.mac))

    def _arrive(self, link: Link) -> None:
        self.end = link
        expected = self._heads.get(link.seq)
        if expected is not None and not hmac.compare_digest(expected.encode(), link.mac.encode()):
            self._find("head_differs", link.seq, link.seq)


def _matches(key: bytes, previous: Link, row: Mapping[Any, Any], mac: str) -> bool:
    try:
        expected = follow(key, previous, row).mac
    except (ValueError, TypeError):
        return False
    return hmac.compare_digest(expected.encode(), mac.encode())


def _is_code(mac: str) -> bool:
    return len(mac) == 64 and all(digit in "0123456789abcdef" for digit in mac)


def _feedback(connection: Connection, key: bytes) -> tuple[int, list[Finding]]:
    count, bad = 0, []
    rows = connection.execute(select(feedback), execution_options={"yield_per": _AT_ONCE})
    for row in rows.mappings():
        count += 1
        if not Feedback.from_row(row).is_signed(key, row["mac"]):
            bad.append(Finding("changed", row["prediction_id"], 0, 0))
    return count, bad
