"""Threads that decode and compute, few, with a short queue before them."""

import asyncio
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from brainlens.errors import ServiceBusy

_T = TypeVar("_T")


class WorkerPool:
    """Bounded threads behind a bounded queue; used from one event loop.

    A place is taken before a request's bytes are read and kept until it is answered, so the
    memory that uploads can take is bounded by the places. Work that waits is held by the event
    loop, not by the threads: cancelled there, it is gone at once, bytes and all.

    The threads are AnyIO's, which gives work to the one that was at work last: what a network needs
    is still in its core's cache. `concurrent.futures` gives it to the one that was idle longest.

    Parameters
    ----------
    workers
        Threads.
    queue_length
        Requests that may wait besides those being worked on.
    """

    def __init__(self, workers: int, queue_length: int) -> None:
        self._free = asyncio.Semaphore(workers)
        # Work whose caller was cancelled gives its place there back too early: `_free` bounds it.
        self._unbounded = CapacityLimiter(math.inf)
        self._closed = False
        #: Threads.
        self.workers = workers
        #: Places: requests that may be here at a time.
        self.capacity = workers + queue_length
        self._held = 0
        self._waiting = 0

    @property
    def held(self) -> int:
        """Places taken."""
        return self._held

    @property
    def waiting(self) -> int:
        """Pieces of work for which no thread is free yet."""
        return self._waiting

    @property
    def full(self) -> bool:
        """Whether the next request would be refused."""
        return self._held >= self.capacity

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place while the block runs.

        Raises
        ------
        ServiceBusy
            If all places are taken.
        """
        if self.full:
            raise ServiceBusy(
                "All places are taken by other requests.",
                hint="Send the request again after the seconds of Retry-After.",
            )
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1

    async def run(self, work: Callable[[], _T]) -> _T:
        """Return what ``work`` returns, computed in a thread.

        Cancelled while it waits, it never starts. Cancelled while it runs, it runs to its end,
        unheard, and its thread counts as taken until then.
        """
        if self._closed:
            raise RuntimeError("the pool is closed")
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        loop = asyncio.get_running_loop()
        # Whoever gets hold of it sees to it that the thread counts as free again.
        begun = threading.Lock()

        def claimed() -> _T:
            if not begun.acquire(blocking=False):
                raise asyncio.CancelledError
            try:
                return work()
            finally:
                loop.call_soon_threadsafe(self._free.release)

        try:
            return await to_thread.run_sync(
                claimed, abandon_on_cancel=True, limiter=self._unbounded
            )
        finally:
            if begun.acquire(blocking=False):
                self._free.release()

    async def close(self) -> None:
        """Let the threads finish what they are at, and take no more."""
        self._closed = True
        for _ in range(self.workers):
            await self._free.acquire()
        for _ in range(self.workers):
            self._free.release()
