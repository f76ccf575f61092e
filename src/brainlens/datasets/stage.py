"""How far long work is, told to whoever shows it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from brainlens.datasets.manifest import Progress

Stage = Callable[[str], AbstractContextManager[Progress]]
"""Called with what is being done; gives what is called with (done, total) meanwhile."""


def silent(_: str) -> AbstractContextManager[Progress]:
    """Show nothing."""
    return nullcontext(lambda done, total: None)
