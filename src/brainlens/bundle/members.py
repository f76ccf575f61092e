"""The files of a bundle as bytes, from a folder or a zip, trusting neither."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from brainlens.bundle.schema import DESCRIPTION, OPTIONAL, REQUIRED
from brainlens.errors import BundleInvalid, BundleNotFound, StorageError

MAX_TOTAL_BYTES = 256 * 2**20
KNOWN = frozenset((DESCRIPTION, *REQUIRED, *OPTIONAL))

_ZIP_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)


def read_members(path: Path, *, max_total_bytes: int = MAX_TOTAL_BYTES) -> dict[str, bytes]:
    """Return ``{name: bytes}`` of a bundle, having looked at names and sizes before contents.

    Parameters
    ----------
    path
        A folder, or a zip of its files.
    max_total_bytes
        Largest sum of the files' sizes, uncompressed.

    Raises
    ------
    BundleNotFound
        If nothing is at ``path``.
    BundleInvalid
        If there is a file that no bundle has, a link, a folder, a name twice, or too many bytes;
        or if the zip is damaged. The message names the file.
    StorageError
        If the file system refuses to read.
    """
    try:
        if path.is_dir():
            return dict(_folder_members(path, max_total_bytes))
        if path.is_file():
            return dict(_zip_members(path, max_total_bytes))
    except OSError as error:
        raise StorageError(
            f"The bundle {path} cannot be read: {error.strerror or error}.",
            hint="Check the permissions and the disk.",
        ) from error
    raise BundleNotFound(
        f"There is no bundle at {path}.",
        hint="Give a bundle's folder or zip, or the name of one that ships with BrainLens.",
    )


def _require_known(name: str) -> None:
    if name not in KNOWN:
        raise BundleInvalid(
            f"The bundle holds {name!r}, which belongs to no bundle.",
            hint="Remove it; a zip must hold the files themselves, not a folder around them.",
        )


class _Allowance:
    """Counts bytes against the limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.left = limit

    def take(self, name: str, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise BundleInvalid(
                f"With {name} the bundle exceeds {self._limit} bytes.",
                hint="A bundle holds one network; export it with half precision.",
            )


def _folder_members(folder: Path, limit: int) -> Iterator[tuple[str, bytes]]:
    allowance = _Allowance(limit)
    for path in sorted(folder.iterdir()):
        _require_known(path.name)
        if path.is_symlink() or not path.is_file():
            raise BundleInvalid(
                f"{path.name} of the bundle is a link or a folder, not a file.",
                hint="Put the file itself there.",
            )
        allowance.take(path.name, path.stat().st_size)
        yield path.name, path.read_bytes()


def _zip_members(path: Path, limit: int) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_entries(entries, limit)
            for entry in entries:
                yield entry.filename, archive.read(entry)
    except _ZIP_DAMAGE as error:
        raise BundleInvalid(
            f"{path.name} is not a zip that can be read: {error}.",
            hint="Fetch it again, or give the bundle's folder.",
        ) from error


def _check_entries(entries: list[zipfile.ZipInfo], limit: int) -> None:
    allowance = _Allowance(limit)
    names: set[str] = set()
    for entry in entries:
        # orig_filename too: zipfile cuts a name at a NUL byte and mends separators.
        _require_known(entry.orig_filename)
        if entry.filename in names:
            raise BundleInvalid(
                f"The zip holds {entry.filename} twice.", hint="Pack the bundle again."
            )
        names.add(entry.filename)
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise BundleInvalid(
                f"{entry.filename} of the bundle is a link or a folder, not a file.",
                hint="Put the file itself there.",
            )
        # zipfile never yields more than the size declared here: a bomb ends as a bad CRC.
        allowance.take(entry.filename, entry.file_size)
