"""Fuzz the image boundary: any bytes end in a slice and a network input, or in a typed error.

    python fuzz/image_boundary.py [libFuzzer's options] FOUND tests/imaging/hostile

New files are written into the folder FOUND. A failure is whatever else is raised, a slice that
breaks its own description, a file that takes longer than `-timeout` seconds, or memory beyond
`-rss_limit_mb`. BrainLens and Pillow's Python parts are watched for coverage; Pillow's decoders in
C are not, and run all the same.
"""

import sys
import zlib
from typing import Final

import atheris

with atheris.instrument_imports(include=["brainlens.imaging", "PIL"]):
    from brainlens.errors import ImageError
    from brainlens.imaging import Limits, PreprocessSpec, preprocess, read

import numpy as np

LIMITS: Final = Limits(max_bytes=1 << 20, max_pixels=4_000_000)
"""Below those of the service: a tenth of the pixels, so that a file takes a tenth of the time."""
SPEC: Final = PreprocessSpec()
PNG: Final = b"\x89PNG\r\n\x1a\n"


class BrokenSlice(Exception):
    """What was read is no slice, or no network input can be made of it."""


def look(data: bytes) -> None:
    """Read bytes and prepare them for the network, as the service does."""
    try:
        slice_ = read(data, LIMITS)
    except ImageError as error:
        if not (error.message and error.hint and error.code):
            raise BrokenSlice("an error does not say what to do next") from error
        return
    pixels = slice_.pixels
    if pixels.ndim != 2 or not 0 < pixels.size <= LIMITS.max_pixels:
        raise BrokenSlice(f"a slice of shape {pixels.shape}")
    if pixels.dtype not in (np.uint8, np.uint16, np.float32) or not np.isfinite(pixels).all():
        raise BrokenSlice(f"pixels of {pixels.dtype}, or not finite")
    made = preprocess(slice_, SPEC)
    if made.shape != (1, SPEC.size, SPEC.size) or not np.isfinite(made).all():
        raise BrokenSlice(f"a network input of shape {made.shape}, or not finite")


def change(data: bytes, max_size: int, _seed: int) -> bytes:
    """Change bytes as libFuzzer does, then mend a PNG's checksums: else none gets further."""
    changed = atheris.Mutate(data, max_size)
    return mended(changed) if changed.startswith(PNG) else changed


def mended(data: bytes) -> bytes:
    """Return a PNG with the checksum that each chunk should have."""
    whole = bytearray(data)
    start = len(PNG)
    while start + 12 <= len(whole):
        end = start + 8 + int.from_bytes(whole[start : start + 4], "big")
        if end + 4 > len(whole):
            break
        whole[end : end + 4] = zlib.crc32(whole[start + 4 : end]).to_bytes(4, "big")
        start = end + 4
    return bytes(whole)


if __name__ == "__main__":
    atheris.Setup(sys.argv, look, custom_mutator=change)
    atheris.Fuzz()
