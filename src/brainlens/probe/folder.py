"""The images under a folder, in an order that never changes, and the class folder of each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from brainlens.errors import DataError
from brainlens.imaging.formats import READABLE, sniff

_HEAD_BYTES: Final = 512
# A damaged image shows nothing of its format; its name says it was meant to be one.
_EXTENSIONS: Final = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".gif"})


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One image to send.

    Attributes
    ----------
    path
        Where it is.
    name
        Its path below the folder walked, with ``/``.
    folders
        Names of the folders it lies in, nearest first; the last is the folder walked itself.
    """

    path: Path
    name: str
    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a walk found: images, and how many files were passed over as none."""

    images: tuple[ImageFile, ...]
    passed_over: int


def find_images(root: Path) -> Found:
    """Find the images under ``root``: by content, or by extension where the content is damaged.

    Folders reached a second time through a link are not entered again; hidden files and folders
    are left alone.

    Raises
    ------
    DataError
        If ``root`` is no folder, or holds no image.
    """
    if not root.is_dir():
        raise DataError(f"{root} is not a folder.", hint="Give a folder of images.")
    top = root.resolve().name
    images: list[ImageFile] = []
    passed_over = 0
    for path in _files(root, set()):
        if _is_image(path):
            inside = path.relative_to(root)
            images.append(ImageFile(path, inside.as_posix(), (*inside.parts[-2::-1], top)))
        else:
            passed_over += 1
    if not images:
        raise DataError(
            f"{root} holds no image.", hint="JPEG, PNG, TIFF, BMP, WebP and GIF are looked for."
        )
    return Found(tuple(images), passed_over)


def _files(folder: Path, entered: set[Path]) -> Iterator[Path]:
    """Yield the files under ``folder``: its own by name, then those of its folders by name."""
    real = folder.resolve()
    if real in entered:
        return
    entered.add(real)
    try:
        entries = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    except OSError as error:
        raise DataError(
            f"{folder} cannot be read: {error.strerror or error}.", hint="Check its permissions."
        ) from error
    for entry in entries:
        if entry.is_file():
            yield entry
    for entry in entries:
        if entry.is_dir():
            yield from _files(entry, entered)


def _is_image(path: Path) -> bool:
    if path.suffix.lower() in _EXTENSIONS:
        return True
    try:
        with path.open("rb") as file:
            return sniff(file.read(_HEAD_BYTES)) in READABLE
    except OSError:
        # Nothing says it is an image; where the name does, sending it reports why it failed.
        return False


def truth_of(image: ImageFile, find: Callable[[str], str | None]) -> tuple[str | None, str | None]:
    """Return (class id, None) of an image, (None, folder that means nothing), or (None, None).

    The nearest folder that means a class gives the truth, so that a class folder may hold folders
    of patients. The folder walked counts too, but is not reported where it means nothing.
    """
    for folder in image.folders:
        class_id = find(folder)
        if class_id is not None:
            return class_id, None
    return None, image.folders[0] if len(image.folders) > 1 else None
