"""Files written whole or not at all, and their hashes."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


def sha256_bytes(data: bytes) -> str:
    """Return the SHA-256 of ``data`` in hex."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's content in hex, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical_json(value: Any) -> bytes:
    """Return one spelling of a JSON value: keys sorted, no spaces, UTF-8, no NaN."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def _sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` durable, where the platform can open folders."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """Give a file that takes its place at ``path`` when the block ends well, else none.

    Raises
    ------
    OSError
        If the file system refuses; the old file is then untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _telling(path):
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            # mkstemp makes files only the owner may read; what we write is for others to read too.
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Have errors about a temporary file of ``path`` name ``path``, which the user knows."""
    try:
        yield
    except OSError as error:
        about = error.filename
        if error.errno is None:
            raise
        if about is None or Path(os.fsdecode(about)).name.startswith(f".{path.name}."):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` atomically: a kill leaves the old file or the new one.

    Raises
    ------
    OSError
        If the file system refuses; the old file is then untouched.
    """
    with writing(path) as file:
        file.write(data)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 atomically."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


@contextmanager
def new_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Build a folder beside ``path`` and move it there whole when the block ends well.

    Parameters
    ----------
    path
        Where the folder will be.
    replace
        Whether a folder that is there already may be replaced.

    Yields
    ------
    Path
        An empty folder to write into.

    Raises
    ------
    FileExistsError
        If ``path`` is there and ``replace`` is false.
    """
    if path.exists() and not replace:
        raise FileExistsError(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    old = building.with_name(building.name + ".old")
    try:
        yield building
        building.chmod(0o755)
        if path.exists():
            path.replace(old)
        building.replace(path)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        if old.exists() and not path.exists():
            old.replace(path)
        raise
    shutil.rmtree(old, ignore_errors=True)
    _sync_folder(path.parent)
