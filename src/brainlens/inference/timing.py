"""How long an answer took, stage by stage."""

from dataclasses import dataclass, field
from time import perf_counter


@dataclass(slots=True)
class Clock:
    """Milliseconds by stage, from when the clock was made."""

    _laps: dict[str, float] = field(default_factory=dict)
    _start: float = field(default_factory=perf_counter)
    _last: float = 0.0

    def lap(self, stage: str) -> None:
        """End a stage, which began with the end of the one before."""
        now = perf_counter() - self._start
        self._laps[stage] = round(1000 * (now - self._last), 3)
        self._last = now

    def finish(self) -> dict[str, float]:
        """Return the stages in order, and ``total``."""
        return {**self._laps, "total": round(1000 * (perf_counter() - self._start), 3)}
