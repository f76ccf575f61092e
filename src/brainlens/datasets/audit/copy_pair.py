"""Pairs of slices that show the same image, or the same head a slice further."""

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
