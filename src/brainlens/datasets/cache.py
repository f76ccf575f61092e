"""Slices decoded once: quantised arrays on disk, mapped into memory."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from brainlens.datasets.manifest import Manifest, Progress, Row
from brainlens.datasets.workers import worker_threads
from brainlens.errors import DataError, ImageError
from brainlens.files import canonical_json, new_folder, sha256_bytes, sha256_file, write_json
from brainlens.imaging.preprocess import quantise
from brainlens.imaging.read import read
from brainlens.imaging.spec import PreprocessSpec

_IMAGES: Final = "images.npy"
_CONTENT: Final = "content.json"
_PART: Final = "part-"
_PART_IMAGES: Final = 512


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
        or specification is decoded afresh and everything else is taken over. Work is kept part by
        part and becomes visible whole: a kill at any moment loses one part at most. Memory use
        does not grow with the number of slices.

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
        with worker_threads() as pool:
            hashes = list(pool.map(_file_hash, manifest.rows))
            by_hash = {sha: row.path for sha, row in zip(hashes, manifest.rows, strict=True)}
            content = sorted(by_hash)
            store = folder / f"{spec.cache_sha256[:16]}-{spec.size}"
            whole = store / _name(content)
            stored = _Stored.open(whole, spec.size)
            if stored is None or stored.content != content:
                _decode_missing(store, by_hash, spec, pool, progress)
                stored = _assemble(store, whole, content, spec.size)
        position = {sha: i for i, sha in enumerate(content)}
        rows = zip(manifest.rows, hashes, strict=True)
        return cls(stored.images, {row.path: position[sha] for row, sha in rows})

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


@dataclass(frozen=True)
class _Stored:
    """One folder of the store: the hashes of files and, in that order, their slices."""

    content: list[str]
    images: NDArray[np.uint8]

    @classmethod
    def open(cls, folder: Path, size: int) -> "_Stored | None":
        """Map a stored set; None where there is none or a disk has damaged it."""
        try:
            content = json.loads((folder / _CONTENT).read_text(encoding="utf-8"))
            images = np.load(folder / _IMAGES, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        if images.dtype != np.uint8 or images.shape != (len(content), size, size):
            return None
        return cls(content, images)


def _file_hash(row: Row) -> str:
    try:
        return sha256_file(row.path)
    except OSError as error:
        raise DataError(
            f"{row.path} cannot be opened: {error.strerror}.", hint="Put it back, or drop its row."
        ) from error


def _name(content: list[str]) -> str:
    return sha256_bytes(canonical_json(content))[:32]


def _known(store: Path, size: int) -> dict[str, NDArray[np.uint8]]:
    """Return everything that the store holds already, by file hash."""
    known: dict[str, NDArray[np.uint8]] = {}
    for folder in sorted(store.iterdir()) if store.is_dir() else []:
        # A hidden folder is being written, or was when its writer was killed.
        if not folder.name.startswith("."):
            stored = _Stored.open(folder, size)
            if stored is not None:
                known.update(zip(stored.content, stored.images, strict=True))
    return known


def _decode_missing(
    store: Path,
    by_hash: dict[str, Path],
    spec: PreprocessSpec,
    pool: ThreadPoolExecutor,
    progress: Progress | None,
) -> None:
    known = _known(store, spec.size)
    missing = sorted(sha for sha in by_hash if sha not in known)
    done = 0
    for start in range(0, len(missing), _PART_IMAGES):
        content = missing[start : start + _PART_IMAGES]

        def decoded(content: list[str] = content) -> Iterator[NDArray[np.uint8]]:
            nonlocal done
            for image in pool.map(lambda sha: _decode(by_hash[sha], spec), content):
                yield image
                done += 1
                if progress is not None:
                    progress(done, len(missing))

        _write(store / f"{_PART}{_name(content)}", content, decoded(), spec.size)


def _decode(path: Path, spec: PreprocessSpec) -> NDArray[np.uint8]:
    try:
        return quantise(read(path.read_bytes()), spec)
    except ImageError as error:
        raise type(error)(f"{path}: {error.message}", hint=error.hint) from error


def _assemble(store: Path, whole: Path, content: list[str], size: int) -> _Stored:
    known = _known(store, size)
    _write(whole, content, (known[sha] for sha in content), size)
    del known  # Windows does not delete files that are mapped
    for part in store.glob(f"{_PART}*"):
        stored = _Stored.open(part, size)
        # Parts of other sets may be somebody else's work that goes on at this moment.
        if stored is not None and set(stored.content) <= set(content):
            del stored
            shutil.rmtree(part, ignore_errors=True)
    stored = _Stored.open(whole, size)
    if stored is None:
        raise DataError(f"The cache {whole} was damaged as it was written.", hint="Try again.")
    return stored


def _write(
    folder: Path, content: list[str], images: Iterator[NDArray[np.uint8]], size: int
) -> None:
    # Another process may be writing the very same; both are right, the last one stays.
    with new_folder(folder, replace=True) as building:
        with (building / _IMAGES).open("wb") as file:
            np.lib.format.write_array_header_1_0(
                file,
                {"descr": "|u1", "fortran_order": False, "shape": (len(content), size, size)},
            )
            for image in images:
                file.write(image.tobytes())
            file.flush()
            os.fsync(file.fileno())
        write_json(building / _CONTENT, content)
