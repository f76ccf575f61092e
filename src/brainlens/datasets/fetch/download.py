"""A file downloaded whole: resumed where it broke off, checked, put in place at the end."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from brainlens.datasets.fetch.patience import Hiccup, persist
from brainlens.datasets.fetch.server import Server
from brainlens.datasets.manifest import Progress
from brainlens.errors import ServiceUnavailable

_PARTIAL: Final = 206
_NOT_SATISFIABLE: Final = 416
_WORTH: Final = 0.01
"""Share of a file that a try must bring to count as gained, so that tries stay bounded."""
_WRONG_AT_MOST: Final = 2
"""How often the bytes may be others than stated; a connection damages them once, not twice."""


@dataclass(frozen=True)
class RemoteFile:
    """A file on a server, and what the server states about it.

    Attributes
    ----------
    name
        File name, without folders.
    path
        Where it is on the server.
    size
        Bytes.
    md5
        In hex; empty where the server states none.
    """

    name: str
    path: str
    size: int
    md5: str = ""


def download(
    server: Server, file: RemoteFile, folder: Path, progress: Progress | None = None
) -> Path:
    """Download a file into a folder; a file that is there whole is not fetched again.

    Bytes arrive in ``NAME.part``, which a later call goes on with. Only a file of the stated size
    and MD5 gets its name.

    Parameters
    ----------
    progress
        Called with (done, total) bytes.

    Raises
    ------
    ServiceUnavailable
        If the server cannot be reached, refuses, or sends other bytes than it states.
    """
    done = folder / file.name
    if done.is_file() and not _difference(done, file):
        return done
    folder.mkdir(parents=True, exist_ok=True)
    transfer = _Transfer(server, file, folder / f"{file.name}.part", progress)
    persist(transfer.attempt, server.patience)
    transfer.part.replace(done)
    return done


@dataclass
class _Transfer:
    """One file on its way."""

    server: Server
    file: RemoteFile
    part: Path
    progress: Progress | None
    wrong: int = 0

    def attempt(self) -> None:
        before = self._held()
        try:
            if before < self.file.size:
                self._receive(before)
        except Hiccup as hiccup:
            hiccup.gained = self._held() - before >= max(_WORTH * self.file.size, 1)
            raise
        difference = _difference(self.part, self.file)
        if difference:
            self._start_over(difference)

    def _held(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _receive(self, held: int) -> None:
        headers = {"Range": f"bytes={held}-"} if held else {}
        also = (_PARTIAL, _NOT_SATISFIABLE)
        with self.server.answer(self.file.path, headers, also=also) as response:
            goes_on = response.status_code == _PARTIAL and _begins_at(response) == held
            if response.status_code != httpx.codes.OK and not goes_on:
                self.part.unlink(missing_ok=True)
                raise Hiccup(f"{self.file.name} cannot be gone on with")
            # A server that knows no ranges sends the whole file again.
            with self.part.open("ab" if goes_on else "wb") as sink:
                at = held if goes_on else 0
                # As they arrive: pieces of a fixed size would lose the last one when it breaks off.
                for piece in response.iter_raw():
                    sink.write(piece)
                    at += len(piece)
                    if self.progress is not None:
                        self.progress(min(at, self.file.size), self.file.size)
                    if at > self.file.size:
                        break
                sink.flush()
                os.fsync(sink.fileno())
        if at < self.file.size:
            raise Hiccup(f"{self.file.name} broke off at {at} of {self.file.size} bytes")

    def _start_over(self, difference: str) -> None:
        self.part.unlink()
        self.wrong += 1
        if self.wrong >= _WRONG_AT_MOST:
            raise ServiceUnavailable(
                f"{self.file.name} is not what {self.server.base} states: {difference}.",
                hint="A proxy may answer in its place; try again later or from elsewhere.",
            )
        raise Hiccup(f"{self.file.name} has {difference}")


def _begins_at(response: httpx.Response) -> int | None:
    """Return the first byte of a part that a server sends, as ``Content-Range`` tells it."""
    first = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isascii() and first.isdigit() else None


def _difference(path: Path, file: RemoteFile) -> str:
    """Return what is wrong with a file; empty if nothing is."""
    size = path.stat().st_size
    if size != file.size:
        return f"{size} bytes, not {file.size}"
    if file.md5:
        with path.open("rb") as stream:
            # Not for safety: it is the hash that the server states.
            found = hashlib.file_digest(
                stream, lambda: hashlib.md5(usedforsecurity=False)
            ).hexdigest()
        if found != file.md5:
            return f"MD5 {found}, not {file.md5}"
    return ""
