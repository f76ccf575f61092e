"""The size that a GIF or a WebP declares, read without any decoder.

The decoders of these two formats allocate the whole canvas when a file is merely opened, before
anyone can look at its size. Those of the other formats read a header and wait.
"""

import struct


def declared_size(data: bytes, name: str) -> tuple[int, int] | None:
    """Return (width, height) of the canvas of a GIF or a WebP.

    Parameters
    ----------
    data
        The whole file.
    name
        Its format; None is returned for all but ``gif`` and ``webp``.

    Returns
    -------
    tuple of int, or None
        For a GIF the smallest canvas that holds its screen and its first frame, since decoders
        enlarge the screen to the frame. None where the header is damaged: the decoder then refuses
        the file before it allocates.
    """
    try:
        if name == "gif":
            return _gif(data)
        if name == "webp":
            return _webp(data)
    except (struct.error, IndexError):
        return None
    return None


def _webp(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = data[24:27] + b"\0", data[27:30] + b"\0"
        return struct.unpack("<I", width)[0] + 1, struct.unpack("<I", height)[0] + 1
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width16, height16 = struct.unpack_from("<HH", data, 26)
        return width16 & 0x3FFF, height16 & 0x3FFF
    return None


def _gif(data: bytes) -> tuple[int, int]:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    position = 13
    if flags & 0x80:
        position += 3 << (flags & 7) + 1
    while data[position] == 0x21:
        position = _after_blocks(data, position + 2)
    if data[position] == 0x2C:
        left, top, frame_width, frame_height = struct.unpack_from("<HHHH", data, position + 1)
        return max(width, left + frame_width), max(height, top + frame_height)
    return width, height


def _after_blocks(data: bytes, position: int) -> int:
    """Return the position after a chain of GIF data blocks, each preceded by its length."""
    while data[position]:
        position += data[position] + 1
    return position + 1
