"""Threads that stop when the work they do is interrupted."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def worker_threads() -> Iterator[ThreadPoolExecutor]:
    """Yield a pool with a thread for each core.

    Decoding, encoding and hashing release the interpreter's lock, so threads are enough. When the
    block ends by an error or by Ctrl-C, what was not begun is dropped: a plain executor would go
    on to the last of a hundred thousand images first.
    """
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
