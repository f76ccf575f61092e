"""Slices decoded once: quantised arrays on disk, mapped into memory."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainlens.datasets.array_store import ArrayStore
from brainlens.datasets.manifest import Manifest, Progress, Row
from brainlens.datasets.workers import worker_threads
from brainlens.errors import DataError, ImageError
from brainlens.files import sha256_file
from brainlens.imaging.preprocess import quantise
from brainlens.imaging.read import read
from brainlens.imaging.slice import Slice
from brainlens.imaging.spec import PreprocessSpec


class Cache:
    """The quantised slices of a manifest.

    Attributes
    ----------
    images
        ``uint8``, shape [n, size, size], mapped read-only; slices with the same bytes share one
        entry.
    """

    def __init__(self, images: NDArray[np.uint8], positions: dict[Path, int]) -> None:
        self.images = images
        self._positions = positions

    @classmethod
    def build(
        cls,
        manifest: Manifest,
        spec: PreprocessSpec,
        folder: Path,
        progress: Progress | None = None,
    ) -> "Cache":
        """Decode and quantise what ``folder`` does not hold yet, and map all of it.

        Entries are keyed by the bytes of the file and by ``spec.cache_sha256``, so a changed file
        or specification is decoded afresh and everything else is taken over. A kill at any moment
        loses little of the work, see `ArrayStore.fetch`.

        Parameters
        ----------
        folder
            Holds caches of any sets and specifications; may be deleted at any time.
        progress
            Called with (done, total) over the slices to decode.

        Raises
        ------
        DataError
            If there are no slices, or a file is missing.
        ImageError
            If a file cannot be decoded; the message names it.
        """
        if not manifest.rows:
            raise DataError("There are no slices to decode.")
        store = ArrayStore(folder / f"{spec.cache_sha256[:16]}-{spec.size}", (spec.size, spec.size))
        with worker_threads() as pool:
            hashes = list(pool.map(lambda row: file_hash(row.path), manifest.rows))
            by_hash = {sha: row.path for sha, row in zip(hashes, manifest.rows, strict=True)}
            content = sorted(by_hash)
            images = store.fetch(
                content, lambda sha: quantise(read_named(by_hash[sha]), spec), pool, progress
            )
        position = {sha: i for i, sha in enumerate(content)}
        rows = zip(manifest.rows, hashes, strict=True)
        return cls(images, {row.path: position[sha] for row, sha in rows})

    def index(self, row: Row) -> int:
        """Return the position of a row's slice in `images`.

        Raises
        ------
        KeyError
            If the cache was built without that row.
        """
        return self._positions[row.path]

    def indices(self, rows: Sequence[Row]) -> NDArray[np.int64]:
        """Return the positions of rows in `images`; see `index`."""
        return np.array([self.index(row) for row in rows], dtype=np.int64)


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file that a manifest names.

    Raises
    ------
    DataError
        If it cannot be opened.
    """
    try:
        return sha256_file(path)
    except OSError as error:
        raise DataError(
            f"{path} cannot be opened: {error.strerror}.", hint="Put it back, or drop its row."
        ) from error


def read_named(path: Path) -> Slice:
    """Decode a file.

    Raises
    ------
    ImageError
        If it cannot be decoded; the message names it.
    """
    try:
        return read(path.read_bytes())
    except ImageError as error:
        raise type(error)(f"{path}: {error.message}", hint=error.hint) from error
