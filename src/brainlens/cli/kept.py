"""What verbs on keys and records share: the installation that they are about."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from brainlens.server.storage import Storage

# A walk along millions of records takes its time, and nobody's answer waits for it.
_PATIENCE_S: Final = 3600

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

    settings = load_settings(data_dir=data_dir)
    with closing(Storage.open(settings, patience_s=_PATIENCE_S)) as storage:
        yield storage
