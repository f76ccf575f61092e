"""One zip of a bundle: the same bundle always gives the same bytes."""

import io
import zipfile
from pathlib import Path

from brainlens.bundle.load import Bundle
from brainlens.errors import StorageError, UsageError
from brainlens.files import write_bytes

_EPOCH = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE = 0o100644 << 16
_UNIX = 3


def pack(bundle: Bundle, out: Path) -> Path:
    """Write ``bundle`` as one zip that `load_bundle` reads.

    Raises
    ------
    UsageError
        If ``out`` exists.
    StorageError
        If the file system refuses to write.
    """
    if out.exists():
        raise UsageError(f"{out} exists; a bundle is never overwritten.", hint="Give another name.")
    buffer = io.BytesIO()
    # Stored, not deflated: compressors differ between machines, and weights hardly shrink.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in bundle.names:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = _REGULAR_FILE
            archive.writestr(entry, bundle.read(name))
    try:
        write_bytes(out, buffer.getvalue())
    except OSError as error:
        raise StorageError(
            f"{out} cannot be written: {error.strerror or error}.",
            hint="Check the permissions and the space on the disk.",
        ) from error
    return out
