"""Work done by several threads, handed on in the order it was given."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_AHEAD = 2
"""Items taken in advance per worker: enough that none waits, and few, whatever the number given."""


def map_in_order(
    function: Callable[[_Item], _Result], items: Iterable[_Item], workers: int
) -> Iterator[_Result]:
    """Yield ``function(item)`` for each item, in order, a few items ahead of the caller.

    Unlike ``Executor.map`` it takes items as it goes, so neither items nor results pile up.

    Parameters
    ----------
    function
        Called in worker threads; what it raises is raised here, in its turn.
    items
        Taken in the caller's thread.
    workers
        Number of threads, at least 1.
    """
    rest = iter(items)
    pending: deque[Future[_Result]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="brainlens-predict") as pool:
        try:
            pending.extend(pool.submit(function, item) for item in islice(rest, _AHEAD * workers))
            while pending:
                yield pending.popleft().result()
                pending.extend(pool.submit(function, item) for item in islice(rest, 1))
        finally:
            for future in pending:
                future.cancel()
