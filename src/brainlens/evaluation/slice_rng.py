"""Chance that depends on a slice and on nothing else."""

import numpy as np

from brainlens.files import sha256_bytes
from brainlens.imaging import Slice, pixel_sha256


def slice_rng(slice_: Slice, purpose: str, seed: int = 0) -> np.random.Generator:
    """Return a generator that is the same for the same pixels, purpose and seed.

    So a result depends neither on the order of the slices, nor on how many were looked at at the
    same time, nor on which others were.
    """
    digest = sha256_bytes(f"{seed}/{purpose}/{pixel_sha256(slice_)}".encode())
    return np.random.default_rng(int(digest[:32], 16))
