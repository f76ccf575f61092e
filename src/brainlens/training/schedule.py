"""The learning rate, step by step."""

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Schedule:
    """What share of the largest learning rate each step takes.

    Attributes
    ----------
    kind
        ``constant``, or ``cosine``: a linear rise, then half a cosine down to 0.
    steps
        Steps of the whole run.
    warmup
        Steps of the linear rise; the first takes 1 / ``warmup``.
    """

    kind: Literal["constant", "cosine"]
    steps: int
    warmup: int

    def share(self, step: int) -> float:
        """Return the share, in [0, 1], of a step counted from 0."""
        if self.kind == "constant":
            return 1.0
        if step < self.warmup:
            return (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, self.steps - self.warmup)
        return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
