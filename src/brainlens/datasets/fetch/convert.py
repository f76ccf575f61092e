"""From an archive of MATLAB files to PNG images and masks."""

import re
import zipfile
import zlib
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
from PIL import Image

from brainlens.datasets.fetch.matlab import MatlabSlice, read_slice
from brainlens.datasets.fetch.slice_record import SliceRecord
from brainlens.datasets.manifest import Progress
from brainlens.datasets.workers import worker_threads
from brainlens.errors import DataError
from brainlens.files import write_bytes

_MEMBER: Final = re.compile(r"([1-9][0-9]{0,5})\.mat")
_COMPRESSION: Final = 3
"""A third of the time of the usual level, for three per cent more bytes."""
_LARGEST_MEMBER: Final = 64 << 20
"""Bytes; the originals are below 1 MiB. An archive may claim anything."""


def convert_archive(
    archive: Path, out: Path, progress: Progress | None = None
) -> tuple[SliceRecord, ...]:
    """Write ``images/<class>/N.png`` and ``masks/N.png`` for every ``N.mat`` of an archive.

    Parameters
    ----------
    out
        The folder of the set; files that are there are overwritten.
    progress
        Called with (done, total) slices.

    Raises
    ------
    DataError
        If it is no such archive, or a slice cannot be read.
    """
    try:
        with zipfile.ZipFile(archive) as opened, worker_threads() as pool:
            members = slice_members(opened)
            tasks = sorted(members.items())
            records = []
            done = pool.map(lambda task: convert_member(opened, task[1], task[0], out), tasks)
            for record in done:
                records.append(record)
                if progress is not None:
                    progress(len(records), len(tasks))
            return tuple(records)
    except zipfile.BadZipFile as error:
        raise DataError(
            f"{archive} is not a sound zip archive: {error}.",
            hint="Remove it; the same command fetches it again.",
        ) from error


def slice_members(archive: zipfile.ZipFile) -> dict[int, zipfile.ZipInfo]:
    """Return the members ``N.mat`` by number, in whatever folder they lie."""
    found = {}
    for info in archive.infolist():
        match = _MEMBER.fullmatch(PurePosixPath(info.filename).name)
        if match and not info.is_dir():
            found[int(match[1])] = info
    return found


def convert_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, number: int, out: Path
) -> SliceRecord:
    """Write image and mask of one slice; see `convert_archive`.

    Raises
    ------
    DataError
        If the slice cannot be read.
    """
    if info.file_size > _LARGEST_MEMBER:
        raise DataError(f"{info.filename} claims {info.file_size} bytes: no slice is that large.")
    try:
        data = archive.read(info)
    # Damaged, cut short, encrypted, packed in a way not known here.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise DataError(
            f"{info.filename} cannot be unpacked: {error}.",
            hint="Remove its archive; the same command fetches it again.",
        ) from error
    original = read_slice(data, info.filename)
    write_bytes(out / "images" / original.label / f"{number}.png", _png(original.pixels))
    mask = np.where(original.mask, np.uint8(255), np.uint8(0))
    write_bytes(out / "masks" / f"{number}.png", _png(mask))
    return _record(number, original)


def _png(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8 | np.uint16]]) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", compress_level=_COMPRESSION)
    return buffer.getvalue()


def _record(number: int, original: MatlabSlice) -> SliceRecord:
    height, width = original.mask.shape
    rows, columns = np.nonzero(original.mask)
    return SliceRecord(
        number=number,
        label=original.label,
        pid=original.pid,
        width=width,
        height=height,
        lowest=original.lowest,
        highest=original.highest,
        lesion_pixels=len(rows),
        lesion_x=float(columns.mean()) / width if len(rows) else 0.0,
        lesion_y=float(rows.mean()) / height if len(rows) else 0.0,
    )
