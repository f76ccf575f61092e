"""A zip archive on a server, of which only the wanted parts travel."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from brainlens.datasets.fetch.download import RemoteFile
from brainlens.datasets.fetch.patience import Hiccup, persist
from brainlens.datasets.fetch.server import Server
from brainlens.datasets.manifest import Progress
from brainlens.errors import DataError, ServiceUnavailable

_PARTIAL: Final = 206
_READ_AHEAD: Final = 1 << 18
"""Bytes: a slice is about as large, so one or two requests bring one."""


@contextmanager
def open_remote_archive(
    server: Server, file: RemoteFile, progress: Progress | None = None
) -> Iterator[zipfile.ZipFile]:
    """Open an archive without downloading it. Each member is checked by its CRC when it is read.

    Parameters
    ----------
    progress
        Called with (done, total): bytes that have travelled so far, and that again, since how many
        will is not known.

    Raises
    ------
    ServiceUnavailable
        If the server cannot be reached, refuses, or sends whole files only.
    DataError
        If it is no zip archive.
    """
    with io.BufferedReader(_RemoteFile(server, file, progress), _READ_AHEAD) as stream:
        try:
            archive = zipfile.ZipFile(stream)
        except zipfile.BadZipFile as error:
            raise DataError(
                f"{file.name} on {server.base} is not a sound zip archive: {error}.",
                hint="Use another mirror, or try again later.",
            ) from error
        with archive:
            yield archive


class _RemoteFile(io.RawIOBase):
    """The bytes of a file on a server; each read is one request."""

    def __init__(self, server: Server, file: RemoteFile, progress: Progress | None) -> None:
        self._server = server
        self._file = file
        self._progress = progress
        self._at = 0
        self._travelled = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        if start + offset < 0:
            # What a file on disk does; zipfile looks for it.
            raise OSError("before the beginning of the file")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # as BufferedReader calls it
        stop = min(self._at + len(buffer), self._file.size)
        if stop <= self._at:
            return 0
        data = persist(lambda: self._part(self._at, stop), self._server.patience)
        buffer[: len(data)] = data
        self._at += len(data)
        self._travelled += len(data)
        if self._progress is not None:
            self._progress(self._travelled, self._travelled)
        return len(data)

    def _part(self, start: int, stop: int) -> bytes:
        headers = {"Range": f"bytes={start}-{stop - 1}"}
        with self._server.answer(self._file.path, headers, also=(_PARTIAL,)) as response:
            wanted = f"bytes {start}-{stop - 1}/"
            if not response.headers.get("Content-Range", "").startswith(wanted):
                raise ServiceUnavailable(
                    f"{self._server.base} sends whole files only.",
                    hint="Fetch the whole set: brainlens data fetch cheng.",
                )
            data = response.read()
        if len(data) != stop - start:
            raise Hiccup(f"{self._file.name} broke off")
        return data
