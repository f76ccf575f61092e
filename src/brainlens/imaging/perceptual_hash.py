"""A 64-bit hash that stays nearly the same when a slice is re-encoded, resized or brightened."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from brainlens.errors import InputError

MAX_DISTANCE: Final = 3
"""Largest number of differing bits between two copies of one slice; measured, see
``docs/decisions/0001-perceptual-hash.md``."""

_FREQUENCIES: Final = 8
_COSINE_SCALE: Final = 1 << 12
_PAIRS: Final = np.uint64(0x5555555555555555)
_FOURS: Final = np.uint64(0x3333333333333333)
_EIGHTS: Final = np.uint64(0x0F0F0F0F0F0F0F0F)
_BYTES: Final = np.uint64(0x0101010101010101)


def perceptual_hash(quantised: NDArray[np.uint8]) -> int:
    """Return the hash of a preprocessed slice.

    The signs of the lowest 8 x 8 coefficients of the two-dimensional discrete cosine transform,
    those of no frequency along one axis left out: the mean and the outline say little of who it is.

    Parameters
    ----------
    quantised
        Grey levels of `brainlens.imaging.quantise`, shape [size, size], size at most 1024.

    Returns
    -------
    int
        64 bits; the first coefficient is the highest bit. 0 for a black slice.
    """
    if not quantised.any():
        return 0
    cosines = _cosines(quantised.shape[0])
    low = (cosines @ quantised.astype(np.float64) @ cosines.T).ravel()
    return int.from_bytes(np.packbits(low > 0).tobytes(), "big")


@lru_cache(maxsize=8)
def _cosines(size: int) -> NDArray[np.float64]:
    """Return the transform's lowest rows but the constant one, rounded to whole numbers.

    Products of whole numbers stay below 2**53 up to size 1024, so sums are exact and the hash is
    the same on every machine, whatever order its linear algebra adds in.
    """
    frequency = np.arange(1, _FREQUENCIES + 1)[:, np.newaxis]
    position = 2 * np.arange(size) + 1
    waves: NDArray[np.float64] = np.cos(np.pi * frequency * position / (2 * size))
    return np.rint(waves * _COSINE_SCALE)


def to_hex(hash_: int) -> str:
    """Return a hash as 16 hex digits."""
    return f"{hash_:016x}"


def from_hex(text: str) -> int:
    """Return the hash that 16 hex digits spell.

    Raises
    ------
    InputError
        If the text is not 16 lower-case hex digits.
    """
    if len(text) != 16 or not set(text) <= set("0123456789abcdef"):
        raise InputError(f"{text!r} is not a perceptual hash (16 lower-case hex digits).")
    return int(text, 16)


class HammingIndex:
    """Hashes that others are looked up among, a few bits apart or none.

    Parameters
    ----------
    hashes
        64-bit hashes.
    max_distance
        Largest number of differing bits that still counts as found.
    """

    def __init__(self, hashes: Iterable[int], max_distance: int = MAX_DISTANCE) -> None:
        self._hashes = np.unique(np.fromiter(hashes, dtype=np.uint64))
        self.max_distance = max_distance

    def __len__(self) -> int:
        """Return how many different hashes there are."""
        return int(self._hashes.size)

    def nearest(self, hash_: int) -> int | None:
        """Return the smallest distance in bits, or None where the index is empty."""
        if self._hashes.size == 0:
            return None
        return _fewest_bits(self._hashes ^ np.uint64(hash_))

    def contains(self, hash_: int) -> bool:
        """Tell whether a hash lies within ``max_distance`` of one of the index."""
        distance = self.nearest(hash_)
        return distance is not None and distance <= self.max_distance


def _fewest_bits(words: NDArray[np.uint64]) -> int:
    """Return the smallest number of set bits of any word (NumPy 1 has no ``bitwise_count``)."""
    one, two, four = np.uint64(1), np.uint64(2), np.uint64(4)
    pairs = words - (words >> one & _PAIRS)
    fours = (pairs & _FOURS) + (pairs >> two & _FOURS)
    eights = (fours + (fours >> four)) & _EIGHTS
    # The product gathers the sum of all bytes in the highest one.
    return int((eights * _BYTES >> np.uint64(56)).min())
