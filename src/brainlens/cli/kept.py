"""What verbs on keys and records share: the installation that they are about."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from brainlens.server.storage import Storage

DataDir = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the service's secret and records; default BRAINLENS_DATA_DIR, else "
        "~/.brainlens.",
        metavar="DIR",
    ),
]


@contextmanager
def opened(data_dir: Path | None) -> Iterator["Storage"]:
    """Open what the service keeps, as the service would find it, while the block runs.

    Raises
    ------
    UsageError, MissingExtra
        If a setting cannot be used.
    StorageError
        If the file system or the database fails.
    """
    from brainlens.server.settings import load_settings
    from brainlens.server.storage import Storage

    with closing(Storage.open(load_settings(data_dir=data_dir))) as storage:
        yield storage
