"""Images that show one picture: the same bytes, the same pixels, or nearly."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from brainlens.datasets.audit.copy_pair import CopyPair
from brainlens.datasets.components import components
from brainlens.datasets.manifest import Row

CopyKind = Literal["bytes", "pixels", "near"]

KINDS: Final[Mapping[CopyKind, str]] = {
    "bytes": "the same file, byte for byte",
    "pixels": "the same pixels in another file",
    "near": "the same picture, changed: resized, compressed again, brightened, mirrored, turned "
    "or cropped",
}


@dataclass(frozen=True)
class CopySet:
    """Images of which one would do.

    Attributes
    ----------
    rows
        Positions in the manifest, ascending; two or more.
    kind
        What the least alike of them have in common: ``bytes``, ``pixels`` or ``near``.
    splits, labels
        Those that its rows have, sorted; empty ones left out.
    """

    rows: tuple[int, ...]
    kind: CopyKind
    splits: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def crosses(self) -> bool:
        """Whether it lies on several sides of the split."""
        return len(self.splits) > 1

    @property
    def contradicts(self) -> bool:
        """Whether one picture has several labels."""
        return len(self.labels) > 1


def exact_sets(rows: Sequence[Row], usable: Iterable[int]) -> tuple[CopySet, ...]:
    """Return the sets of rows with the same pixels.

    Parameters
    ----------
    rows
        With their hashes.
    usable
        Positions of the rows to look at.
    """
    by_pixels: defaultdict[str, list[int]] = defaultdict(list)
    for i in usable:
        by_pixels[rows[i].pixel_sha256].append(i)
    return tuple(_copy_set(rows, m, near=False) for m in by_pixels.values() if len(m) > 1)


def copy_sets(
    rows: Sequence[Row], exact: Iterable[CopySet], near: Iterable[CopyPair]
) -> tuple[CopySet, ...]:
    """Return the sets that exact and near copies together connect, in the order of the rows."""
    links = [(s.rows[0], i) for s in exact for i in s.rows[1:]]
    apart = [(pair.first, pair.second) for pair in near if pair.kind == "copy"]
    found = components(len(rows), [*links, *apart])
    touched = {i for pair in apart for i in pair}
    return tuple(
        _copy_set(rows, members, near=not touched.isdisjoint(members))
        for members in found
        if len(members) > 1
    )


def _copy_set(rows: Sequence[Row], members: Sequence[int], *, near: bool) -> CopySet:
    same_bytes = len({rows[i].sha256 for i in members}) == 1
    kind: CopyKind = "near" if near else "bytes" if same_bytes else "pixels"
    return CopySet(
        rows=tuple(members),
        kind=kind,
        splits=tuple(sorted({rows[i].split for i in members} - {""})),
        labels=tuple(sorted({rows[i].label for i in members} - {""})),
    )
