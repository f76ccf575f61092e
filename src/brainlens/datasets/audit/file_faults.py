"""Files that cannot be used, or should be looked at before they are."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from brainlens.datasets.manifest import Row
from brainlens.errors import EmptyImage, ImageError, ImageTooLarge, NotAnImage
from brainlens.imaging.formats import describe, sniff
from brainlens.imaging.slice import Slice

FaultKind = Literal[
    "empty",
    "unreadable",
    "not_an_image",
    "too_large",
    "constant",
    "tiny",
    "broken_link",
    "bad_name",
    "changed",
    "outside",
    "extension",
    "colour",
    "folder",
    "passed_over",
]

TINY: Final = 32
"""Fewer pixels a side than this show no brain."""

MEANINGS: Final[dict[FaultKind, str]] = {
    "empty": "no bytes at all",
    "unreadable": "damaged, cut short or refused by the file system",
    "not_an_image": "called an image, yet of another format",
    "too_large": "larger than any slice; not decoded",
    "constant": "one grey level everywhere",
    "tiny": f"fewer than {TINY} pixels wide or high",
    "broken_link": "a link that leads nowhere",
    "bad_name": "a name that is not valid Unicode, which no table can hold",
    "changed": "the content is not what the manifest's hash says",
    "outside": "a link that leads out of the data folder",
    "extension": "the content is of another format than the extension says",
    "colour": "coloured pixels, which no MR slice has: a screenshot, a map or a drawing on it",
    "folder": "a folder inside a class folder or beside the splits, which is not looked into",
    "passed_over": "not an image and not called one",
}
"""What each kind is, in words; the gravest first."""

KIND_NAMES: Final[dict[FaultKind, str]] = {
    "empty": "empty",
    "unreadable": "unreadable",
    "not_an_image": "of no image format",
    "too_large": "too large",
    "constant": "of one grey level",
    "tiny": "tiny",
    "broken_link": "linked to nowhere",
    "bad_name": "with a name that is no Unicode",
    "changed": "changed since hashed",
    "outside": "linked from outside",
    "extension": "of another format than named",
    "colour": "coloured",
    "folder": "not looked into",
    "passed_over": "not called an image",
}
"""What a file of each kind is, to be said after a number."""

UNUSABLE: Final[frozenset[FaultKind]] = frozenset(
    {
        "empty",
        "unreadable",
        "not_an_image",
        "too_large",
        "constant",
        "tiny",
        "broken_link",
        "bad_name",
    }
)
"""Kinds that keep a file out of the manifest to train from."""

_EXTENSIONS: Final = {
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".jpe": "jpeg",
    ".jfif": "jpeg",
    ".png": "png",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".bmp": "bmp",
    ".dib": "bmp",
    ".webp": "webp",
    ".gif": "gif",
}
_HEAD_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class FileFault:
    """Something wrong with one file.

    Attributes
    ----------
    path
        The file.
    kind
        A key of `MEANINGS`.
    detail
        What exactly, for this file; empty where the kind says it.
    """

    path: Path
    kind: FaultKind
    detail: str = ""

    @property
    def unusable(self) -> bool:
        """Whether it keeps the file out of the manifest to train from."""
        return self.kind in UNUSABLE


def place_faults(row: Row, root: Path, *, folders: bool) -> Iterator[FileFault]:
    """Yield what is wrong with where a file lies and what it is called.

    Parameters
    ----------
    root
        The data folder.
    folders
        Whether rows come from folders; a manifest may name files wherever they lie.
    """
    try:
        str(row.path).encode()
    except UnicodeEncodeError:
        yield FileFault(row.path, "bad_name")
    if folders and not Path(os.path.realpath(row.path)).is_relative_to(root):
        yield FileFault(row.path, "outside")


def content_faults(row: Row, slice_: Slice, sha256: str, pixel_sha256: str) -> Iterator[FileFault]:
    """Yield what is wrong with the content of a file that can be decoded."""
    pixels = slice_.pixels
    if pixels.min() == pixels.max():
        yield FileFault(row.path, "constant", f"grey level {pixels.flat[0]:g}")
    if min(slice_.width, slice_.height) < TINY:
        yield FileFault(row.path, "tiny", f"{slice_.width} x {slice_.height} pixels")
    if row.sha256 not in ("", sha256) or row.pixel_sha256 not in ("", pixel_sha256):
        yield FileFault(row.path, "changed")
    said = _EXTENSIONS.get(row.path.suffix.lower())
    if said != slice_.format:
        suffix = row.path.suffix or "no extension"
        yield FileFault(row.path, "extension", f"{suffix}, yet {slice_.format.upper()}")
    if slice_.colourful:
        yield FileFault(row.path, "colour")


def reading_fault(path: Path, error: ImageError | OSError) -> FileFault:
    """Return the fault that an error in reading a file stands for."""
    if isinstance(error, OSError):
        return FileFault(path, "unreadable", error.strerror or str(error))
    kinds: tuple[tuple[type[ImageError], FaultKind], ...] = (
        (EmptyImage, "empty"),
        (NotAnImage, "not_an_image"),
        (ImageTooLarge, "too_large"),
    )
    for of, kind in kinds:
        if isinstance(error, of):
            return FileFault(path, kind, error.message)
    return FileFault(path, "unreadable", error.message)


def skipped_fault(path: Path) -> FileFault:
    """Tell why a file or folder among the images has become no row."""
    called_image = path.suffix.lower() in _EXTENSIONS
    try:
        if path.is_dir():
            return FileFault(path, "folder")
        if not path.exists():
            return FileFault(path, "broken_link")
        if not path.is_file():
            kind: FaultKind = "unreadable" if called_image else "passed_over"
            return FileFault(path, kind, "not a plain file")
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        return reading_fault(path, error)
    if not head:
        return FileFault(path, "empty" if called_image else "passed_over", "0 bytes")
    return FileFault(path, "not_an_image" if called_image else "passed_over", describe(sniff(head)))
