"""Long verbs that train: an interruption says how to go on."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from brainlens.cli.console import note
from brainlens.cli.failure import INTERRUPTED

GOES_ON = "The same command goes on where it stopped."


@contextmanager
def resumable(how: str = GOES_ON) -> Iterator[None]:
    """Turn an interruption into one line and its exit status.

    Parameters
    ----------
    how
        How to go on.
    """
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as stop:
        # Lightning turns Ctrl+C into an exit of its own.
        if isinstance(stop, SystemExit) and not isinstance(stop.__context__, KeyboardInterrupt):
            raise
        note(f"Interrupted. {how}", style="red")
        raise typer.Exit(INTERRUPTED) from stop
