"""File names as people and other programs are shown them."""

import os
import unicodedata
from pathlib import Path


def shown_path(path: Path, root: Path) -> str:
    """Return a path relative to a folder, on one line and in valid Unicode.

    Line breaks, bytes that are no Unicode, and characters that are invisible or turn the direction
    of writing stand as their escapes: a name can neither break a table nor pretend to be another.
    """
    try:
        text = Path(os.path.relpath(path, root)).as_posix()
    except ValueError:  # another drive: no relative path leads there
        text = path.as_posix()
    return "".join(
        ascii(character)[1:-1] if unicodedata.category(character)[0] == "C" else character
        for character in text
    )
