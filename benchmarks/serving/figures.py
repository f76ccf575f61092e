"""What was measured of one contender, over all rounds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np
from benchmarks.serving.load import TIMEOUT_S, Load
from benchmarks.serving.process import Memory


@dataclass
class Figures:
    """One contender with one number of clients.

    Attributes
    ----------
    loads
        One a round.
    """

    contender: str
    clients: int
    loads: list[Load] = field(default_factory=list)

    def latency_ms(self, percentile: float) -> float:
        """Return a percentile of the milliseconds until the answer, over all rounds.

        A request that timed out counts as one of `TIMEOUT_S` at least.
        """
        late = [s for load in self.loads for s in load.unanswered if s > TIMEOUT_S]
        seconds = [*(s for load in self.loads for s in load.latencies), *late]
        return float(1000 * np.percentile(seconds, percentile)) if seconds else float("nan")

    @property
    def per_second(self) -> float:
        """Requests answered in time per second: the median of the rounds."""
        return median(load.per_second for load in self.loads)

    @property
    def failures(self) -> dict[str, int]:
        """How many requests were not answered with status 200 in time, by what happened."""
        return {
            "timeouts": sum(load.timeouts for load in self.loads),
            "not_ok": sum(load.not_ok for load in self.loads),
            "broken": sum(load.broken for load in self.loads),
        }

    def to_dict(self) -> dict[str, object]:
        """Return what the JSON report holds."""
        return {
            "contender": self.contender,
            "clients": self.clients,
            "n_answers": sum(len(load.latencies) for load in self.loads),
            "requests_per_second": round(self.per_second, 2),
            "requests_per_second_by_round": [round(load.per_second, 2) for load in self.loads],
            "median_ms": round(self.latency_ms(50), 3),
            "p99_ms": round(self.latency_ms(99), 3),
            **self.failures,
        }


@dataclass
class Process:
    """One contender's process.

    Attributes
    ----------
    threads
        Its processes and threads, in words.
    starts
        Seconds from the start of the process until it said that it is ready, one a round.
    memory
        What it held after the load of a round.
    """

    contender: str
    threads: str
    starts: list[float] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)

    @property
    def start_s(self) -> float:
        """Median of the starts."""
        return median(self.starts)

    @property
    def peak_mb(self) -> float:
        """Most memory of all rounds, in millions of bytes."""
        return max(memory.peak for memory in self.memory) / 1e6

    @property
    def loaded_mb(self) -> float:
        """Memory after the load: the median of the rounds, in millions of bytes."""
        return median(memory.now for memory in self.memory) / 1e6

    def to_dict(self) -> dict[str, object]:
        """Return what the JSON report holds."""
        return {
            "contender": self.contender,
            "threads": self.threads,
            "start_s": round(self.start_s, 3),
            "start_s_by_round": [round(start, 3) for start in self.starts],
            "memory_after_load_mb": round(self.loaded_mb, 1),
            "memory_peak_mb": round(self.peak_mb, 1),
        }


@dataclass(frozen=True)
class Results:
    """All figures; a contender that was not measured (yet) is in none of them."""

    loads: Sequence[Figures]
    processes: Sequence[Process]

    def find(self, contender: str, clients: int) -> Figures | None:
        """Return the figures of a contender, if there are some."""
        for figures in self.loads:
            if (figures.contender, figures.clients) == (contender, clients):
                return figures
        return None

    def process(self, contender: str) -> Process | None:
        """Return a contender's process, if it was measured."""
        return next((p for p in self.processes if p.contender == contender), None)

    def ratio(self, one: str, other: str, clients: int, of: int | None = None) -> float | None:
        """Return the rate of ``one`` over that of ``other`` with ``of`` clients, or as many."""
        mine = self.find(one, clients)
        theirs = self.find(other, clients if of is None else of)
        if mine is None or theirs is None or theirs.per_second == 0:
            return None
        return mine.per_second / theirs.per_second
