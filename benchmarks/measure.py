"""Measuring a contender: latencies of every request and the rate of all clients together."""

import contextlib
import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from benchmarks.contender import Contender

_STALL_SECONDS = 120


@dataclass
class Timings:
    """What was measured of one contender with one number of clients, over all rounds.

    Attributes
    ----------
    latencies
        Seconds of each request.
    rates
        Requests per second of all clients together, one number a round.
    """

    contender: str
    clients: int
    latencies: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    def percentile_ms(self, percentile: float) -> float:
        """Return a percentile of the latency in milliseconds."""
        return float(1000 * np.percentile(self.latencies, percentile))

    @property
    def per_second(self) -> float:
        """Median over the rounds of requests per second."""
        return float(np.median(self.rates))

    def to_dict(self) -> dict[str, object]:
        """Return what the JSON report holds."""
        return {
            "contender": self.contender,
            "clients": self.clients,
            "n_requests": len(self.latencies),
            "median_ms": round(self.percentile_ms(50), 3),
            "p95_ms": round(self.percentile_ms(95), 3),
            "requests_per_second": round(self.per_second, 2),
            "requests_per_second_by_round": [round(rate, 2) for rate in self.rates],
        }


def measure(
    contender: Contender, into: Timings, *, n_images: int, n_requests: int, deadline: float
) -> None:
    """Have ``n_requests`` answered by ``into.clients`` clients at once, and note how long it took.

    Each client sends its next request when it has the answer to the last; from ``deadline`` on (of
    `time.monotonic`) it sends none.
    """
    numbers = itertools.count()
    barrier = threading.Barrier(into.clients + 1, timeout=_STALL_SECONDS)
    failures: list[BaseException] = []
    latencies: list[list[float]] = [[] for _ in range(into.clients)]

    def client(mine: list[float]) -> None:
        try:
            with contender.connect() as ask:
                barrier.wait()
                while (number := next(numbers)) < n_requests:
                    start = time.perf_counter()
                    ask(number % n_images)
                    mine.append(time.perf_counter() - start)
                    if time.monotonic() > deadline:
                        break
        # Kept for the thread that asked for the measurement, which raises it again.
        except BaseException as error:
            failures.append(error)
            barrier.abort()

    threads = [threading.Thread(target=client, args=(mine,)) for mine in latencies]
    for thread in threads:
        thread.start()
    # Broken where a client failed first; what it raised is raised below.
    with contextlib.suppress(threading.BrokenBarrierError):
        barrier.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    _raise_first(failures)
    sent = [latency for mine in latencies for latency in mine]
    into.latencies += sent
    into.rates.append(len(sent) / seconds)


def _raise_first(failures: Sequence[BaseException]) -> None:
    """Raise what a client met; the others then met only the broken barrier."""
    telling = [e for e in failures if not isinstance(e, threading.BrokenBarrierError)]
    for error in (*telling, *failures):
        raise error
