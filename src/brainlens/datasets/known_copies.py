"""``near_copies.json``: pairs of images that an audit found to be copies of each other."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from brainlens.datasets.json_fault import first_fault
from brainlens.errors import DataError
from brainlens.files import write_json

if TYPE_CHECKING:
    from brainlens.datasets.manifest import Row

NEAR_COPIES_FILE: Final = "near_copies.json"
AUDIT_FILE: Final = "audit.json"
"""What an audit writes into its report in any case, near copies or none."""

_Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Content(BaseModel):
    """What the file holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = Field(default=1, alias="schema", serialization_alias="schema")
    pairs: tuple[tuple[_Hash, _Hash], ...]


@dataclass(frozen=True)
class KnownCopies:
    """Pairs of images that show the same picture, though their pixels differ.

    Images are named by their pixel hashes, so that a pair stays true wherever the files lie and
    whatever manifest they are in.

    Attributes
    ----------
    pairs
        Pixel hashes, the smaller one first.
    """

    pairs: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "KnownCopies":
        """Return the pairs whose two hashes differ, each in the one order."""
        return cls(frozenset((min(p), max(p)) for p in pairs if p[0] != p[1]))

    @classmethod
    def load(cls, folder: Path) -> "KnownCopies":
        """Read ``near_copies.json`` of ``folder``; no pairs where there is none.

        Raises
        ------
        DataError
            If the file is there and is not such a list.
        """
        path = folder / NEAR_COPIES_FILE
        if not path.exists():
            return cls()
        try:
            content = _Content.model_validate(json.loads(path.read_text(encoding="utf-8-sig")))
        # What pydantic raises is a ValueError too.
        except ValueError as error:
            raise DataError(
                f"{path} is not a list of near copies: {first_fault(error)}.",
                hint="Audit the data again (brainlens data audit), or move the file away.",
            ) from error
        return cls.of(content.pairs)

    def save(self, folder: Path) -> None:
        """Add the pairs to ``near_copies.json`` of ``folder``; none write nothing.

        What another manifest of the same folder knows is kept: pairs are true of pixels, whatever
        table names them.

        Raises
        ------
        DataError
            If the file is there and is not such a list.
        """
        known = self.load(folder).pairs
        if self.pairs <= known:
            return
        content = _Content(pairs=tuple(sorted(self.pairs | known)))
        write_json(folder / NEAR_COPIES_FILE, content.model_dump(mode="json", by_alias=True))

    def among(self, rows: Sequence["Row"]) -> Iterator[tuple[int, int]]:
        """Yield the positions of rows that are near copies of each other.

        Of several rows with the same pixels one stands for all. Rows without a pixel hash are
        not known.
        """
        if not self.pairs:
            return
        first: dict[str, int] = {}
        for i, row in enumerate(rows):
            first.setdefault(row.pixel_sha256, i)
        for a, b in sorted(self.pairs):
            if a in first and b in first:
                yield first[a], first[b]

    def across(self, rows: Sequence["Row"]) -> tuple[tuple[str, str], ...]:
        """Return the pairs that lie on several sides of a split, sorted."""
        if not self.pairs:
            return ()
        sides: defaultdict[str, set[str]] = defaultdict(set)
        for row in rows:
            sides[row.pixel_sha256].add(row.split)
        return tuple(
            (a, b)
            for a, b in sorted(self.pairs)
            if a in sides and b in sides and len(sides[a] | sides[b]) > 1
        )
