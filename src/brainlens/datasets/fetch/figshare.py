"""What figshare says of an article's files."""

from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Final

from pydantic import BaseModel, Field, ValidationError

from brainlens.datasets.fetch.download import RemoteFile
from brainlens.datasets.fetch.server import Server
from brainlens.errors import ServiceUnavailable

FIGSHARE: Final = "https://api.figshare.com/v2"


class _File(BaseModel):
    """One file of the listing; other fields are not read."""

    id: int = Field(gt=0)
    name: str
    size: int = Field(ge=0)
    computed_md5: Annotated[str, Field(pattern="^([0-9a-f]{32})?$")] = ""


class _Article(BaseModel):
    """One version of an article; other fields are not read."""

    files: tuple[_File, ...] = Field(min_length=1)


def list_files(server: Server, article: int, version: int) -> tuple[RemoteFile, ...]:
    """Return the files of one version of a public article.

    They are fetched through the API, since the addresses meant for browsers stand behind a
    firewall that turns programs away. The MD5 is the one figshare computed.

    Raises
    ------
    ServiceUnavailable
        If the server cannot be reached, refuses, or answers something else than a listing.
    """
    path = f"articles/{article}/versions/{version}"
    try:
        listing = _Article.model_validate_json(server.get(path))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ServiceUnavailable(
            f"{server.base}/{path} is not figshare's listing of an article ({where or 'JSON'}: "
            f"{first['msg']}).",
            hint="Check the address of the mirror; try again later.",
        ) from error
    return tuple(_remote(server, file) for file in listing.files)


def _remote(server: Server, file: _File) -> RemoteFile:
    # A name comes from outside and becomes a file here.
    if file.name.startswith(".") or not file.name.isprintable() or not _is_bare(file.name):
        raise ServiceUnavailable(
            f"{server.base} lists a file with an unsafe name: {file.name!r}.",
            hint="Do not use that mirror.",
        )
    return RemoteFile(file.name, f"file/download/{file.id}", file.size, file.computed_md5)


def _is_bare(name: str) -> bool:
    return bool(name) and name == PurePosixPath(name).name == PureWindowsPath(name).name
