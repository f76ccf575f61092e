"""What is measured side by side."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

Ask = Callable[[int], object]
"""Has the image of that number answered; returns when the answer is there."""


class Contender(Protocol):
    """One way to have images answered."""

    @property
    def name(self) -> str:
        """What tables call it."""

    def connect(self) -> AbstractContextManager[Ask]:
        """Open one client: used by one thread, kept for many requests."""

    def probabilities(self, index: int) -> dict[str, float]:
        """Return class id → probability for the image of that number."""
