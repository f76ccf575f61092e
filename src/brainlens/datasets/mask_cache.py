"""Lesion masks in the geometry of the cached slices: bits on disk, mapped into memory."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainlens.datasets.array_store import ArrayStore
from brainlens.datasets.cache import file_hash, read_named
from brainlens.datasets.manifest import Manifest, Progress, Row
from brainlens.datasets.workers import worker_threads
from brainlens.errors import ImageError
from brainlens.files import sha256_bytes
from brainlens.imaging.lesion_mask import lesion_pixels, to_input
from brainlens.imaging.preprocess import kept_box
from brainlens.imaging.spec import PreprocessSpec


class MaskCache:
    """The lesion masks of a manifest, as far as it has any.

    Parameters
    ----------
    bits
        ``uint8``, shape [m, size, ⌈size / 8⌉], eight pixels a byte.
    positions
        Image → its position in ``bits``.
    size
        Side of the network's input.
    """

    def __init__(self, bits: NDArray[np.uint8], positions: dict[Path, int], size: int) -> None:
        self._bits, self._positions, self._size = bits, positions, size

    @classmethod
    def build(
        cls,
        manifest: Manifest,
        spec: PreprocessSpec,
        folder: Path,
        progress: Progress | None = None,
    ) -> "MaskCache":
        """Read and resize the masks that ``folder`` does not hold yet, and map all of them.

        Entries are keyed by the bytes of image and mask, and by size and cut. A mask without a
        single lesion pixel (at this size) says nothing, as in evaluation: its slice counts as one
        without.

        Parameters
        ----------
        manifest
            Rows without a mask are passed over.
        spec
            How slices are put before the network.
        folder
            As that of `Cache.build`, beside whose entries these lie.
        progress
            Called with (done, total) over the masks to read.

        Raises
        ------
        DataError
            If a file is missing.
        ImageError
            If an image or a mask cannot be decoded, or they differ in size; the message names it.
        """
        size = spec.size
        pairs = [(row.path, row.mask) for row in manifest.rows if row.mask is not None]
        if not pairs:
            return cls(np.zeros((0, size, -(-size // 8)), np.uint8), {}, size)
        # Where the head lies depends on all that decides its grey values.
        kind = str(size) if spec.crop == "none" else spec.cache_sha256
        store = ArrayStore(folder / f"masks-{kind}", (size, -(-size // 8)))
        with worker_threads() as pool:
            keys = list(pool.map(_pair_hash, pairs))
            by_key = dict(zip(keys, pairs, strict=True))
            content = sorted(by_key)
            bits = store.fetch(content, lambda key: _bits(*by_key[key], spec), pool, progress)
            position = {key: i for i, key in enumerate(content)}
            outlined = pool.map(lambda key: bool(bits[position[key]].any()), keys)
            positions = {
                path: position[key]
                for (path, _), key, some in zip(pairs, keys, outlined, strict=True)
                if some
            }
        return cls(bits, positions, size)

    def __len__(self) -> int:
        return len(self._positions)

    def indices(self, rows: Sequence[Row]) -> NDArray[np.int64]:
        """Return the positions of the rows' masks for `masks`; -1 for a row without one."""
        return np.array([self._positions.get(row.path, -1) for row in rows], dtype=np.int64)

    def masks(self, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return masks.

        Parameters
        ----------
        positions
            int64 [B], of `indices`.

        Returns
        -------
        ndarray of uint8, shape [B, size, size]
            1 inside the lesion, else 0; all 0 where the position is -1.
        """
        masks = np.zeros((len(positions), self._size, self._size), np.uint8)
        known = positions >= 0
        if known.any():
            masks[known] = np.unpackbits(self._bits[positions[known]], axis=2, count=self._size)
        return masks


def _pair_hash(pair: tuple[Path, Path]) -> str:
    image, mask = pair
    return sha256_bytes(f"{file_hash(image)} {file_hash(mask)}".encode())


def _bits(image: Path, mask: Path, spec: PreprocessSpec) -> NDArray[np.uint8]:
    drawn, slice_ = read_named(mask), read_named(image)
    try:
        lesion = lesion_pixels(drawn, slice_)
    except ImageError as error:
        raise type(error)(f"{mask}: {error.message}", hint=error.hint) from error
    return np.packbits(to_input(lesion, kept_box(slice_, spec), spec.size), axis=1)
