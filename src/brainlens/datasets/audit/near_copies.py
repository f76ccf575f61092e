"""Images that show one picture, changed: found without comparing all with all, then confirmed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Final

import cv2

from brainlens.datasets.audit.copy_pair import CopyPair, NearCopies, PairKind
from brainlens.datasets.audit.descriptor import Thumbnail, thumbnail
from brainlens.datasets.audit.index import Candidate, candidates
from brainlens.datasets.audit.registration import Registration, register
from brainlens.datasets.audit.thumbnails import Thumbnails
from brainlens.datasets.manifest import Manifest, Progress
from brainlens.datasets.workers import worker_threads
from brainlens.errors import ImageError, StorageError
from brainlens.imaging.read import read
from brainlens.imaging.slice import Slice

COPY_LEAST: Final = 0.97
"""Correlation of detail from which two images are copies; measured, see
``docs/decisions/0012-near-copies.md``."""
NEIGHBOUR_LEAST: Final = 0.85
"""Correlation of detail from which two images in one frame are neighbours; measured, ibid."""
NEIGHBOUR_DISPLACEMENT: Final = 0.02
"""How far registration may move a corner of a neighbour, in units of the image's side."""

_COARSE_LEAST: Final = 0.85
"""Correlation at 32 pixels worth going on for: of the copies measured, none had less than 0.9."""
_BLOCK: Final = 1024


def find_near_copies(manifest: Manifest, progress: Progress | None = None) -> NearCopies:
    """Find the copies and the neighbouring slices among the rows of a manifest.

    Parameters
    ----------
    manifest
        Its labels, patients and splits are not looked at.
    progress
        Called with (done, total): one step to read each image, one to compare it.

    Returns
    -------
    NearCopies
        The same pairs in whatever order the rows are. Images that cannot be read are listed.
    """
    rows = manifest.rows
    return find_in_slices(len(rows), lambda i: read(rows[i].path), progress)


def find_in_slices(
    count: int, slice_at: Callable[[int], Slice], progress: Progress | None = None
) -> NearCopies:
    """Find the copies and the neighbouring slices among numbered slices.

    Parameters
    ----------
    count
        How many slices there are.
    slice_at
        Returns one of them; called once for each, from several threads. An `ImageError` or
        `StorageError` that it raises leaves that slice out.
    progress
        Called with (done, total), total being twice the count.
    """
    unread: list[int] = []
    blank: list[int] = []

    def usable() -> Iterator[tuple[int, Thumbnail]]:
        for number, image in enumerate(_made(count, slice_at)):
            if image is None:
                unread.append(number)
            elif not image.any():
                blank.append(number)
            else:
                yield number, image
            if progress is not None:
                progress(number + 1, 2 * count)

    with _one_thread_each(), Thumbnails.of(usable()) as thumbnails:
        pairs = [pair for rows in thumbnails.rows for pair in _identical(rows)]
        for done, total, found in _confirmed(thumbnails):
            if found is not None:
                pairs.append(found)
            if progress is not None:
                progress(count + count * done // total, 2 * count)
    if progress is not None:
        progress(2 * count, 2 * count)
    return NearCopies(tuple(sorted(pairs)), tuple(unread), tuple(blank))


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Keep OpenCV from starting threads of its own in each of ours."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _made(count: int, slice_at: Callable[[int], Slice]) -> Iterator[Thumbnail | None]:
    """Yield the thumbnails in order; None for what cannot be read."""

    def make(number: int) -> Thumbnail | None:
        try:
            return thumbnail(slice_at(number))
        except (ImageError, StorageError):
            return None

    numbers = iter(range(count))
    with worker_threads() as pool:
        # Block by block, or the pool would run ahead and hold all that it has made.
        while block := list(islice(numbers, _BLOCK)):
            yield from pool.map(make, block)


def _identical(rows: Sequence[int]) -> Iterator[CopyPair]:
    for row in rows[1:]:
        yield CopyPair(rows[0], row, "copy", 1.0)


def _confirmed(thumbnails: Thumbnails) -> Iterator[tuple[int, int, CopyPair | None]]:
    """Yield, for each candidate: how many are done, of how many, and what it turned out to be."""
    found = candidates(thumbnails.descriptors)
    pairs = iter(found)
    done = 0
    with worker_threads() as pool:
        while block := list(islice(pairs, _BLOCK)):
            for pair in pool.map(lambda candidate: _confirm(thumbnails, candidate), block):
                done += 1
                yield done, len(found), pair


def _confirm(thumbnails: Thumbnails, candidate: Candidate) -> CopyPair | None:
    first, second = thumbnails[candidate.first], thumbnails[candidate.second]
    tried = (register(first, second, o, _COARSE_LEAST) for o in candidate.orientations)
    best = max(
        (found for found in tried if found is not None),
        key=lambda found: found.correlation,
        default=None,
    )
    kind = None if best is None else _kind(best)
    if best is None or kind is None:
        return None
    a, b = thumbnails.rows[candidate.first][0], thumbnails.rows[candidate.second][0]
    change = best.change if a < b else best.change.inverse
    return CopyPair(
        min(a, b), max(a, b), kind, best.correlation, change.mirrored, change.turn, change.scale
    )


def _kind(found: Registration) -> PairKind | None:
    if found.correlation >= COPY_LEAST:
        return "copy"
    same_frame = found.displacement <= NEIGHBOUR_DISPLACEMENT
    return "neighbour" if same_frame and found.correlation >= NEIGHBOUR_LEAST else None
