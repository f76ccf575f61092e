"""Hashes of files and of decoded pixels, and the fingerprint of a set of slices."""

from dataclasses import replace

from brainlens.datasets.manifest import Manifest, Progress, Row
from brainlens.datasets.workers import worker_threads
from brainlens.errors import DataError, ImageError
from brainlens.files import canonical_json, sha256_bytes
from brainlens.imaging.pixel_hash import pixel_sha256
from brainlens.imaging.read import read

_NAMED_AT_MOST = 5


def with_hashes(manifest: Manifest, progress: Progress | None = None) -> Manifest:
    """Return the manifest with ``sha256`` and ``pixel_sha256`` of every row.

    Hashes that rows already have are kept.

    Parameters
    ----------
    progress
        Called with (done, total), the rows to hash only.

    Raises
    ------
    DataError
        If images cannot be read; names the first few and says what is wrong with each.
    """
    rows = list(manifest.rows)
    todo = [i for i, row in enumerate(rows) if not (row.sha256 and row.pixel_sha256)]
    unreadable: list[str] = []
    with worker_threads() as pool:
        results = pool.map(_hash_or_error, (rows[i] for i in todo))
        for done, (i, result) in enumerate(zip(todo, results, strict=True), start=1):
            if isinstance(result, Row):
                rows[i] = result
            else:
                unreadable.append(f"{rows[i].path} ({result})")
            if progress is not None:
                progress(done, len(todo))
    if unreadable:
        more = ", …" if len(unreadable) > _NAMED_AT_MOST else ""
        raise DataError(
            f"{len(unreadable)} of {len(rows)} images cannot be read: "
            f"{', '.join(unreadable[:_NAMED_AT_MOST])}{more}.",
            hint="Replace those files or take them out.",
        )
    return manifest.with_rows(rows)


def data_sha256(manifest: Manifest) -> str:
    """Return the fingerprint of a set of slices: the hash of its sorted pixel hashes.

    Independent of row order, file names and file formats.

    Raises
    ------
    DataError
        If a row has no pixel hash yet.
    """
    hashes = sorted(row.pixel_sha256 for row in manifest.rows)
    if "" in hashes:
        raise DataError("A slice has no pixel hash yet.", hint="Call with_hashes first.")
    return sha256_bytes(canonical_json(hashes))


def _hash_or_error(row: Row) -> Row | str:
    """Hash one slice; what is wrong with it comes back as text, so that all are named at once."""
    try:
        data = row.path.read_bytes()
        return replace(
            row,
            sha256=row.sha256 or sha256_bytes(data),
            pixel_sha256=row.pixel_sha256 or pixel_sha256(read(data)),
        )
    except ImageError as error:
        return error.message
    except OSError as error:
        return error.strerror or str(error)
