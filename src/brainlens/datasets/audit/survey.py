"""Every file read once: hashes, facts and faults; no pixels are kept."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

from brainlens.datasets.audit.file_facts import FileFacts, file_facts
from brainlens.datasets.audit.file_faults import (
    FileFault,
    content_faults,
    place_faults,
    reading_fault,
    skipped_fault,
)
from brainlens.datasets.manifest import Manifest, Progress, Row
from brainlens.datasets.workers import worker_threads
from brainlens.errors import ImageError
from brainlens.files import sha256_bytes
from brainlens.imaging.limits import Limits
from brainlens.imaging.perceptual_hash import HammingIndex, perceptual_hash
from brainlens.imaging.pixel_hash import pixel_sha256
from brainlens.imaging.preprocess import quantise
from brainlens.imaging.read import read
from brainlens.imaging.spec import PreprocessSpec

_AT_A_TIME: Final = 512
"""Files handed to the threads together: a hundred thousand waiting ones would fill memory."""
_LIMITS: Final = Limits()


@dataclass(frozen=True)
class SeenImages:
    """The images that a bundle was trained on, as far as it can say.

    Attributes
    ----------
    name
        What the bundle is called.
    spec
        Its preprocess.
    index
        Perceptual hashes of its training slices.
    """

    name: str
    spec: PreprocessSpec
    index: HammingIndex


@dataclass(frozen=True, slots=True)
class Inspected:
    """One row and what its file says.

    Attributes
    ----------
    row
        With the hashes of what lies there now.
    facts
        None where the file cannot be decoded.
    faults
        What is wrong with it.
    seen
        Whether the bundle asked about was trained on it; None where none was asked about.
    """

    row: Row
    facts: FileFacts | None
    faults: tuple[FileFault, ...]
    seen: bool | None = None

    @property
    def usable(self) -> bool:
        """Whether it can be trained on."""
        return not any(fault.unusable for fault in self.faults)


def survey(
    manifest: Manifest,
    *,
    folders: bool,
    seen: SeenImages | None = None,
    progress: Progress | None = None,
) -> tuple[Inspected, ...]:
    """Read every file of a manifest once.

    Parameters
    ----------
    folders
        Whether the rows come from folders, out of which no link should lead.
    seen
        Images to look for.
    progress
        Called with (done, total).

    Returns
    -------
    tuple of Inspected
        In the order of the rows. Files that cannot be read are in it, with their faults.
    """
    root = Path(manifest.root).resolve()

    def inspect(row: Row) -> Inspected:
        return _inspect(row, tuple(place_faults(row, root, folders=folders)), seen)

    found: list[Inspected] = []
    with worker_threads() as pool:
        for rows in _batched(manifest.rows):
            for inspected in pool.map(inspect, rows):
                found.append(inspected)
                if progress is not None:
                    progress(len(found), len(manifest))
    return tuple(found)


def passed_over(paths: Sequence[Path]) -> tuple[FileFault, ...]:
    """Tell of each path that became no row why it did not."""
    return tuple(skipped_fault(path) for path in paths)


def _inspect(row: Row, faults: tuple[FileFault, ...], seen: SeenImages | None) -> Inspected:
    try:
        with row.path.open("rb") as file:
            data = file.read(_LIMITS.max_bytes + 1)
        slice_ = read(data, _LIMITS)
    except (ImageError, OSError) as error:
        return Inspected(row, None, (reading_fault(row.path, error), *faults))
    sha, pixels = sha256_bytes(data), pixel_sha256(slice_)
    return Inspected(
        row=replace(row, sha256=sha, pixel_sha256=pixels),
        facts=file_facts(data, slice_),
        faults=(*content_faults(row, slice_, sha, pixels), *faults),
        seen=None
        if seen is None
        else seen.index.contains(perceptual_hash(quantise(slice_, seen.spec))),
    )


def _batched(rows: Iterable[Row]) -> Iterator[list[Row]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, _AT_A_TIME)):
        yield batch
