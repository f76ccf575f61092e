"""Keep Pillow's warnings about odd metadata from whoever reads an image."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_inside = 0
_catcher: "warnings.catch_warnings[None] | None" = None


@contextmanager
def silenced() -> Iterator[None]:
    """Ignore warnings that are raised inside Pillow while the block runs.

    The filters of `warnings` belong to the whole process, and a service decodes in several threads
    at once. Saving and restoring them in each thread would, interleaved, restore the wrong ones;
    so the first thread in saves them and the last one out restores them.
    """
    global _inside, _catcher
    with _lock:
        if _inside == 0:
            _catcher = warnings.catch_warnings()
            _catcher.__enter__()
            warnings.filterwarnings("ignore", module=r"PIL\.")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0 and _catcher is not None:
                _catcher.__exit__(None, None, None)
                _catcher = None
