"""Thumbnails of a data set, on disk while a search needs them."""

import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from brainlens.datasets.audit.descriptor import FRAMES, LENGTH, SIDE, Thumbnail, describe

_BYTES: Final = SIDE * SIDE
_DIGEST: Final = 16


class Thumbnails:
    """Different thumbnails in an order that depends on nothing but them.

    Attributes
    ----------
    descriptors
        int8, shape [n, FRAMES, LENGTH].
    rows
        For each thumbnail the numbers of the images that it is of, ascending.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._places: NDArray[np.int64] = np.empty(0, np.int64)
        self.descriptors: NDArray[np.int8] = np.empty((0, FRAMES, LENGTH), np.int8)
        self.rows: tuple[tuple[int, ...], ...] = ()

    @classmethod
    @contextmanager
    def of(cls, images: Iterable[tuple[int, Thumbnail]]) -> Iterator["Thumbnails"]:
        """Store numbered thumbnails for as long as the block lasts."""
        # Read piece by piece, not mapped: what is mapped counts as memory in use.
        with tempfile.TemporaryFile() as file:
            store = cls(file)
            store._fill(images)
            yield store

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, position: int) -> Thumbnail:
        with self._lock:
            self._file.seek(int(self._places[position]) * _BYTES)
            data = self._file.read(_BYTES)
        return np.frombuffer(data, np.uint8).reshape(SIDE, SIDE)

    def _fill(self, images: Iterable[tuple[int, Thumbnail]]) -> None:
        rows: dict[bytes, list[int]] = {}
        descriptors = bytearray()
        for number, image in images:
            data = image.tobytes()
            digest = blake2b(data, digest_size=_DIGEST).digest()
            if digest not in rows:
                self._file.write(data)
                descriptors += describe(image).tobytes()
            rows.setdefault(digest, []).append(number)
        # By content: the index finds the same, whatever the order of the images.
        digests = np.array([list(digest) for digest in rows], np.uint8).reshape(-1, _DIGEST)
        order = np.lexsort(digests.T[::-1])
        places = list(rows.values())
        self._places = order
        table = np.frombuffer(bytes(descriptors), np.int8).reshape(-1, FRAMES, LENGTH)
        self.descriptors = table[order]
        self.rows = tuple(tuple(sorted(places[i])) for i in order)
