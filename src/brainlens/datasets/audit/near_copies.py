"""Images that show one picture, changed: found without comparing all with all, then confirmed."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Final

import cv2

from brainlens.datasets.audit.copy_pair import CopyPair, NearCopies, PairKind
from brainlens.datasets.audit.descriptor import Thumbnail, thumbnail
from brainlens.datasets.audit.index import Candidate, Candidates, candidates
from brainlens.datasets.audit.registration import Registration, refine, register
from brainlens.datasets.audit.thumbnails import Thumbnails
from brainlens.datasets.manifest import Manifest, Progress
from brainlens.datasets.workers import worker_threads
from brainlens.errors import ImageError, StorageError
from brainlens.imaging.read import read
from brainlens.imaging.slice import Slice

COPY_LEAST: Final = 0.975
"""Correlation of detail from which two images are copies; measured, see
``docs/decisions/0012-near-copies.md``."""

_NEIGHBOUR_LEAST: Final = 0.5
_STILL: Final = 0.002
"""A displacement that registration cannot tell from none."""
_STILLNESS: Final = 0.3
"""How much correlation it outweighs when the logarithm of the displacement is less by 1."""
_EVIDENCE: Final = 1.92
"""Of being neighbours that suffices; these, too, are measured there."""

_COARSE_LEAST: Final = 0.9
_SLACK: Final = 0.1
"""What a coarse registration must reach to be gone on with: of the copies measured, none had a
correlation below 0.94; and evidence of neighbours is missed by no more than this."""
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

    with Thumbnails.of(usable()) as thumbnails:
        pairs = list(identical_pairs(thumbnails))
        found = candidates(thumbnails.descriptors)
        compared = registrations(thumbnails, found)
        for done, (candidate, registration) in enumerate(compared, start=1):
            pair = pair_of(thumbnails, candidate, registration)
            if pair is not None:
                pairs.append(pair)
            if progress is not None:
                progress(count + count * done // len(found), 2 * count)
    if progress is not None:
        progress(2 * count, 2 * count)
    return NearCopies(tuple(sorted(pairs)), tuple(unread), tuple(blank))


def identical_pairs(thumbnails: Thumbnails) -> Iterator[CopyPair]:
    """Yield the images that are the same grey level for grey level, each with the first of them."""
    for rows in thumbnails.rows:
        for row in rows[1:]:
            yield CopyPair(rows[0], row, "copy", 1.0)


def registrations(
    thumbnails: Thumbnails, found: Candidates
) -> Iterator[tuple[Candidate, Registration | None]]:
    """Yield candidates, each with its best registration, or None where there is none."""
    pairs = iter(found)
    with _one_thread_each(), worker_threads() as pool:
        while block := list(islice(pairs, _BLOCK)):
            best = pool.map(lambda candidate: _best(thumbnails, candidate), block)
            yield from zip(block, best, strict=True)


def pair_of(
    thumbnails: Thumbnails, candidate: Candidate, registration: Registration | None
) -> CopyPair | None:
    """Say what two candidates are to each other; None: nothing, as far as can be seen."""
    kind = None if registration is None else kind_of(registration)
    if registration is None or kind is None:
        return None
    a, b = (thumbnails.rows[i][0] for i in (candidate.first, candidate.second))
    change = registration.change if a < b else registration.change.inverse
    return CopyPair(
        first=min(a, b),
        second=max(a, b),
        kind=kind,
        correlation=registration.correlation,
        mirrored=change.mirrored,
        turn=change.turn,
        scale=change.scale,
    )


def kind_of(registration: Registration) -> PairKind | None:
    """Say what a registration shows; None: nothing.

    Neighbours lie in one frame, as slices of one series do: the less registration has to move
    them, the less they need to agree.
    """
    if registration.correlation >= COPY_LEAST:
        return "copy"
    least = registration.correlation >= _NEIGHBOUR_LEAST
    return "neighbour" if least and _evidence(registration) >= _EVIDENCE else None


def _evidence(registration: Registration) -> float:
    stillness = -_STILLNESS * math.log(registration.displacement + _STILL)
    return registration.correlation + stillness


def _promising(coarse: Registration) -> bool:
    """Whether the fine may turn out to be a copy or a neighbour."""
    return coarse.correlation >= _COARSE_LEAST or _evidence(coarse) >= _EVIDENCE - _SLACK


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


def _best(thumbnails: Thumbnails, candidate: Candidate) -> Registration | None:
    first, second = thumbnails[candidate.first], thumbnails[candidate.second]
    found = []
    for orientation in candidate.orientations:
        coarse = register(first, second, orientation)
        if coarse is not None and _promising(coarse):
            found.append(refine(first, second, coarse))
    return max(
        (registration for registration in found if registration is not None),
        key=lambda registration: registration.correlation,
        default=None,
    )
