"""The multipart forms that carry the images: built once, since that is no part of any service."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

_BOUNDARY: Final = "benchmark-boundary"
CONTENT_TYPE: Final = f"multipart/form-data; boundary={_BOUNDARY}"


def form(image: bytes) -> bytes:
    """Return a form with the image in its field ``file``."""
    head = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="slice"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return head.encode() + image + f"\r\n--{_BOUNDARY}--\r\n".encode()


def write_forms(images: Sequence[bytes], folder: Path) -> None:
    """Write a form for each image into a new folder, as ``load.lua`` looks for them: from 1 on."""
    folder.mkdir()
    for number, image in enumerate(images, start=1):
        (folder / str(number)).write_bytes(form(image))
