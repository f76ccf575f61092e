"""From an error to one line for people and an exit status for programs."""

import os
import sys
import traceback

from brainlens.cli.console import note
from brainlens.errors import BrainLensError, CheckFailed, InputError

CHECK_FAILED = 1
BAD_INPUT = 2
FAILED = 3
INTERRUPTED = 130


def report(error: Exception, *, debug: bool) -> int:
    """Print what went wrong and what to do about it; return the exit status.

    1: a check said no. 2: usage or input is wrong. 3: a service, a file system or BrainLens itself
    failed.
    """
    if debug:
        traceback.print_exception(error)
    if isinstance(error, BrainLensError):
        _line(f"{error.message} {error.hint}".strip())
        return _status(error)
    if isinstance(error, BrokenPipeError):
        # Who read our output has gone, as `head` does: say nothing, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        _line(
            f"{place}{error.strerror or error}. Check the path, its permissions and the space on "
            "the disk."
        )
        return FAILED
    _line(
        f"{type(error).__name__}: {_first_line(error)}. This is a bug in BrainLens: please report "
        "it with what `brainlens --debug …` prints."
    )
    return FAILED


def _line(text: str) -> None:
    """Print an error, whatever it quotes, as one line."""
    note("Error: " + " ".join(part.strip() for part in text.splitlines()), style="red")


def _status(error: BrainLensError) -> int:
    if isinstance(error, CheckFailed):
        return CHECK_FAILED
    return BAD_INPUT if isinstance(error, InputError) else FAILED


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else "no message"
