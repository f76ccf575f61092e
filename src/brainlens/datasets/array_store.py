"""Arrays of one shape on disk, made once, keyed by what they were made from, mapped into memory."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from brainlens.datasets.manifest import Progress
from brainlens.errors import DataError
from brainlens.files import canonical_json, new_folder, sha256_bytes, write_json

Entry = NDArray[np.uint8]

_ARRAYS: Final = "images.npy"
_CONTENT: Final = "content.json"
_PART: Final = "part-"
_PART_ENTRIES: Final = 512


@dataclass(frozen=True)
class ArrayStore:
    """A folder of arrays of bytes, all of one shape.

    Attributes
    ----------
    folder
        Holds the arrays of any sets; may be deleted at any time.
    shape
        Shape of one entry.
    """

    folder: Path
    shape: tuple[int, int]

    def fetch(
        self,
        keys: list[str],
        make: Callable[[str], Entry],
        pool: ThreadPoolExecutor,
        progress: Progress | None = None,
    ) -> Entry:
        """Make what the store does not hold yet, and map all of it.

        Work is kept part by part and becomes visible whole: a kill at any moment loses one part at
        most. Memory use does not grow with the number of entries.

        Parameters
        ----------
        keys
            Sorted, each once, at least one: what an entry is made from.
        make
            Makes the entry of a key; called in threads.
        pool
            The threads.
        progress
            Called with (done, total) over the entries made.

        Returns
        -------
        ndarray of uint8, shape [n, *shape]
            The entries in the order of ``keys``, mapped read-only.
        """
        whole = self.folder / _name(keys)
        stored = self._open(whole)
        if stored is None or stored.keys != keys:
            self._make_missing(keys, make, pool, progress)
            stored = self._assemble(whole, keys)
        return stored.arrays

    def _open(self, folder: Path) -> "_Stored | None":
        """Map a stored set; None where there is none or a disk has damaged it."""
        try:
            keys = json.loads((folder / _CONTENT).read_text(encoding="utf-8"))
            arrays = np.load(folder / _ARRAYS, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        if arrays.dtype != np.uint8 or arrays.shape != (len(keys), *self.shape):
            return None
        return _Stored(keys, arrays)

    def _known(self) -> dict[str, Entry]:
        """Return everything that the store holds already, by key."""
        known: dict[str, Entry] = {}
        for folder in sorted(self.folder.iterdir()) if self.folder.is_dir() else []:
            # A hidden folder is being written, or was when its writer was killed.
            if not folder.name.startswith("."):
                stored = self._open(folder)
                if stored is not None:
                    known.update(zip(stored.keys, stored.arrays, strict=True))
        return known

    def _make_missing(
        self,
        keys: list[str],
        make: Callable[[str], Entry],
        pool: ThreadPoolExecutor,
        progress: Progress | None,
    ) -> None:
        known = self._known()
        missing = sorted(key for key in keys if key not in known)
        done = 0
        for start in range(0, len(missing), _PART_ENTRIES):
            part = missing[start : start + _PART_ENTRIES]

            def made(part: list[str] = part) -> Iterator[Entry]:
                nonlocal done
                for entry in pool.map(make, part):
                    yield entry
                    done += 1
                    if progress is not None:
                        progress(done, len(missing))

            self._write(self.folder / f"{_PART}{_name(part)}", part, made())

    def _assemble(self, whole: Path, keys: list[str]) -> "_Stored":
        known = self._known()
        self._write(whole, keys, (known[key] for key in keys))
        del known  # Windows does not delete files that are mapped
        for part in self.folder.glob(f"{_PART}*"):
            stored = self._open(part)
            # Parts of other sets may be somebody else's work that goes on at this moment.
            if stored is not None and set(stored.keys) <= set(keys):
                del stored
                shutil.rmtree(part, ignore_errors=True)
        stored = self._open(whole)
        if stored is None:
            raise DataError(f"The cache {whole} was damaged as it was written.", hint="Try again.")
        return stored

    def _write(self, folder: Path, keys: list[str], entries: Iterator[Entry]) -> None:
        # Another process may be writing the very same; both are right, the last one stays.
        with new_folder(folder, replace=True) as building:
            with (building / _ARRAYS).open("wb") as file:
                np.lib.format.write_array_header_1_0(
                    file,
                    {"descr": "|u1", "fortran_order": False, "shape": (len(keys), *self.shape)},
                )
                for entry in entries:
                    file.write(entry.tobytes())
                file.flush()
                os.fsync(file.fileno())
            write_json(building / _CONTENT, keys)


@dataclass(frozen=True)
class _Stored:
    """One folder of the store: the keys and, in that order, their arrays."""

    keys: list[str]
    arrays: Entry


def _name(keys: list[str]) -> str:
    return sha256_bytes(canonical_json(keys))[:32]
