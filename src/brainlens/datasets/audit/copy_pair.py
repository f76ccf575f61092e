"""Pairs of slices that show the same image, or the same head a slice further."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

PairKind = Literal["copy", "neighbour"]


@dataclass(frozen=True, slots=True, order=True)
class CopyPair:
    """Two slices that look alike, and how the second is laid over the first.

    Attributes
    ----------
    first, second
        Positions of the rows in the manifest; first < second.
    kind
        ``copy``: one image, saved anew or changed. ``neighbour``: alike as slices of one patient
        are, yet another image.
    correlation
        Of the two images' fine detail where they overlap after registration, -1 to 1.
    mirrored
        Whether one is the mirror image of the other.
    turn
        Degrees by which the second is turned against the first, counter-clockwise, above -180 to
        180; after mirroring it left to right where it is mirrored.
    scale
        How much larger the second shows the head than the first, relative to the image's side.
    """

    first: int
    second: int
    kind: PairKind
    correlation: float
    mirrored: bool = False
    turn: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class NearCopies:
    """What `find_near_copies` found.

    Attributes
    ----------
    pairs
        Sorted by position. Of images that are the same grey level for grey level, each is paired
        with the first of them only.
    unread
        Positions of rows whose image cannot be read, which took no part.
    blank
        Positions of rows whose image is constant, which took no part.
    """

    pairs: tuple[CopyPair, ...]
    unread: tuple[int, ...] = ()
    blank: tuple[int, ...] = ()

    @property
    def copies(self) -> tuple[CopyPair, ...]:
        """The pairs of kind ``copy``."""
        return tuple(pair for pair in self.pairs if pair.kind == "copy")

    @property
    def neighbours(self) -> tuple[CopyPair, ...]:
        """The pairs of kind ``neighbour``."""
        return tuple(pair for pair in self.pairs if pair.kind == "neighbour")


def connected(count: int, links: Iterable[tuple[int, int]]) -> tuple[tuple[int, ...], ...]:
    """Return the groups into which links join the numbers 0 to ``count - 1``.

    Parameters
    ----------
    count
        How many there are.
    links
        Pairs of numbers that belong together.

    Returns
    -------
    tuple of tuple of int
        Every number once, ascending within its group; groups by their first number.
    """
    parent = list(range(count))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for a, b in links:
        a, b = root(a), root(b)
        # The smallest number is the root, so groups come out in the order of their first.
        parent[max(a, b)] = min(a, b)
    groups: dict[int, list[int]] = {}
    for number in range(count):
        groups.setdefault(root(number), []).append(number)
    return tuple(tuple(group) for group in groups.values())
