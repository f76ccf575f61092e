"""A slice from its file."""

from pathlib import Path

from brainlens.errors import StorageError
from brainlens.imaging import Limits, Slice, read


def read_slice(path: Path) -> Slice:
    """Return the slice in a file.

    Raises
    ------
    ImageError
        If it is no image that can be read; the subclass says why.
    StorageError
        If the file system refuses to read.
    """
    limits = Limits()
    try:
        with path.open("rb") as file:
            # One byte too many is enough for the reader to refuse a file that is too large.
            data = file.read(limits.max_bytes + 1)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read: {error.strerror or error}.", hint="Check the file."
        ) from error
    return read(data, limits)
