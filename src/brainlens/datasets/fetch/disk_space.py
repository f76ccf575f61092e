"""Whether there is room before hours of work begin."""

import shutil
from pathlib import Path

from brainlens.errors import StorageError

_GIB = 1 << 30


def require_space(folder: Path, needed: int) -> None:
    """Check that so many bytes are free where a folder is or will be.

    Raises
    ------
    StorageError
        If they are not.
    """
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    if free < needed:
        raise StorageError(
            f"{needed / _GIB:.1f} GiB are needed at {folder}, and {free / _GIB:.1f} GiB are free.",
            hint="Free some space, or give a folder on another disk.",
        )
