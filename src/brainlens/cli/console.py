"""What the command line says, and where: results to stdout, everything else to stderr."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from brainlens.words import DISCLAIMER

# Width where the output goes into a file or a pipe: nobody sees where it wraps.
_WIDE = 160


def stdout() -> Console:
    """Return the console of results; text is taken as it is, never for markup."""
    piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(markup=False, highlight=False, width=_WIDE if piped else None)


def stderr() -> Console:
    """Return the console of everything that is no result."""
    return Console(stderr=True, markup=False, highlight=False, soft_wrap=True)


def say(text: str, *, style: str | None = None) -> None:
    """Print one line of a result."""
    stdout().print(text, style=style, soft_wrap=True)


def note(text: str, *, style: str | None = None) -> None:
    """Print one line that is no result."""
    stderr().print(text, style=style)


def say_json(value: Any) -> None:
    """Print JSON and nothing else, whatever the terminal."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def say_disclaimer() -> None:
    """Print what goes with every result."""
    say(DISCLAIMER, style="dim")


def say_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; the first column is text, columns of numbers stand to the right."""
    # Not as the table's own title, which would be wrapped to the table's width.
    say(title, style="bold")
    table = Table()
    for index, name in enumerate(head):
        numeric = index > 0 and all(_is_number(row[index]) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    stdout().print(table)


def _is_number(cell: str) -> bool:
    return cell in ("", "–") or cell[:1].isdigit()


def counted(n: int, noun: str) -> str:
    """Return "1 image", "2 images"."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on stderr, where that is a terminal, while (done, total) is told."""
    with _bar(title, MofNCompleteColumn()) as update:
        yield update


@contextmanager
def transfer(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show the same for a download, told in bytes, with its speed."""
    with _bar(title, DownloadColumn(), TransferSpeedColumn()) as update:
        yield update


@contextmanager
def _bar(title: str, *figures: ProgressColumn) -> Iterator[Callable[[int, int], None]]:
    console = stderr()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        *figures,
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(title, total=None)

        def update(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield update
