"""Identity of decoded pixels, whatever file they came in."""

import hashlib

from brainlens.imaging.slice import Slice


def pixel_sha256(slice_: Slice) -> str:
    """Return the SHA-256 of a slice's pixels in hex.

    Two files have the same hash if and only if they decode to the same grey values of the same
    depth and shape: formats, metadata and compression without loss make no difference.
    """
    pixels = slice_.pixels
    kind = f"{pixels.dtype.kind}{pixels.dtype.itemsize * 8}:{slice_.height}x{slice_.width}:"
    digest = hashlib.sha256(kind.encode())
    # One byte order, so that the hash is the same on every machine.
    digest.update(pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()
