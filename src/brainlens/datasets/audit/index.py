"""Which images look alike from afar, without comparing all with all."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from usearch.index import Index

from brainlens.datasets.audit.descriptor import FRAMES, LENGTH, orientations
from brainlens.datasets.audit.orientation import COUNT, inverse

NEAREST: Final = 10
"""How many of its nearest are candidates for an image, by either part of its descriptor."""

_CONNECTIVITY: Final = 16
_EXPANSION: Final = 96
_BLOCK: Final = 2048


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two images that may be copies.

    Attributes
    ----------
    first, second
        Their positions; first < second.
    orientations
        Those in which the second looks most like the first: one, or as many as there are parts
        of the descriptor where these differ on that.
    """

    first: int
    second: int
    orientations: tuple[int, ...]


class Candidates:
    """Candidates as a table, which takes little memory.

    Parameters
    ----------
    first, second, orientation
        Columns of one length, sorted.
    """

    def __init__(
        self, first: NDArray[np.int64], second: NDArray[np.int64], orientation: NDArray[np.int8]
    ) -> None:
        new = np.ones(first.size, bool)
        new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
        self._starts = np.append(np.flatnonzero(new), first.size)
        self._first, self._second, self._orientation = first, second, orientation

    def __len__(self) -> int:
        return self._starts.size - 1

    def __iter__(self) -> Iterator[Candidate]:
        """Yield the candidates, ascending."""
        for start, end in pairwise(self._starts):
            yield Candidate(
                int(self._first[start]),
                int(self._second[start]),
                tuple(self._orientation[start:end].tolist()),
            )


def candidates(descriptors: NDArray[np.int8], nearest: int = NEAREST) -> Candidates:
    """Return for each image those that look most like it, in any orientation.

    Time grows as n log n with the number of images: the index is a navigable small-world graph
    (HNSW), which may miss a neighbour now and then.

    Parameters
    ----------
    descriptors
        Of the images, shape [n, FRAMES, LENGTH]; the same order gives the same candidates.
    nearest
        How many to return for each image, at most, by either part.
    """
    parts = []
    for frame in range(FRAMES):
        blocks = list(_nearest(np.ascontiguousarray(descriptors[:, frame]), nearest))
        # Found from both its sides, a pair is there twice.
        parts.append(_first_of(np.concatenate(blocks), "first", "second"))
    table = _first_of(np.concatenate(parts), "first", "second", "orientation")
    return Candidates(table["first"], table["second"], table["orientation"])


_FOUND: Final = np.dtype(
    [("first", np.int64), ("second", np.int64), ("orientation", np.int8), ("distance", np.float32)]
)


def _nearest(descriptors: NDArray[np.int8], nearest: int) -> Iterator[NDArray[Any]]:
    """Yield tables of pairs, by one part of the descriptor."""
    count = descriptors.shape[0]
    yield np.empty(0, _FOUND)
    if count < 2:
        return
    index = Index(
        ndim=LENGTH,
        metric="cos",
        dtype="i8",
        connectivity=_CONNECTIVITY,
        expansion_add=_EXPANSION,
        expansion_search=_EXPANSION,
    )
    # One thread: several would build another graph every time.
    index.add(np.arange(count), descriptors, threads=1)
    # One more than asked for, as every image finds itself.
    wanted = min(nearest + 1, count)
    for start in range(0, count, _BLOCK):
        turned = orientations(descriptors[start : start + _BLOCK])
        matches = index.search(turned.reshape(-1, LENGTH), wanted)
        shape = (COUNT, turned.shape[1], wanted)
        keys = np.asarray(matches.keys).astype(np.int64).reshape(shape)
        yield _best(keys, np.asarray(matches.distances).reshape(shape), start, nearest)


def _best(
    keys: NDArray[np.int64], distances: NDArray[np.float32], start: int, nearest: int
) -> NDArray[Any]:
    """Return each image's nearest over all orientations.

    Parameters
    ----------
    keys, distances
        What was found, shape [orientations, images, wanted].
    start
        Number of the first of these images.
    """
    turn, image, _ = np.indices(keys.shape)
    query = (image + start).ravel()
    table = np.empty(keys.size, _FOUND)
    table["first"], table["second"] = query, keys.ravel()
    table["orientation"], table["distance"] = turn.ravel(), distances.ravel()
    table = _first_of(table[query != keys.ravel()], "first", "second")
    table = table[np.lexsort((table["second"], table["distance"], table["first"]))]
    rank = np.arange(table.size) - np.searchsorted(table["first"], table["first"])
    table = table[rank < nearest]
    # The query was turned; said is how to turn the second.
    forward = table["first"] < table["second"]
    table["orientation"][forward] = inverse(table["orientation"][forward])
    swapped = table[~forward]
    table["first"][~forward], table["second"][~forward] = swapped["second"], swapped["first"]
    return table


def _first_of(table: NDArray[Any], *key: str) -> NDArray[Any]:
    """Return a table sorted by a key, of rows with the same key only the least distant."""
    order = np.lexsort((table["orientation"], table["distance"], *(table[k] for k in key[::-1])))
    table = table[order]
    new = np.ones(table.size, bool)
    new[1:] = np.logical_or.reduce([table[k][1:] != table[k][:-1] for k in key])
    return table[new]
