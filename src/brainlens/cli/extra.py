"""Verbs whose optional dependencies are not installed say which extra brings them."""

from collections.abc import Iterator
from contextlib import contextmanager

from brainlens.errors import MissingExtra


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Import inside this block what ``brainlens[extra]`` brings.

    Raises
    ------
    MissingExtra
        If a module that is no part of BrainLens is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "brainlens"):
            raise
        raise MissingExtra(
            f"This needs {missing}, which is not installed.",
            hint=f'Install it: pip install "brainlens[{extra}]".',
        ) from error
