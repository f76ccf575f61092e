"""Rounds: every contender once in each, in rotated order, as long as there is time."""

import time
from collections.abc import Callable, Sequence
from typing import Final

Turn = Callable[[], None]
_Clock = Callable[[], float]

MINUTE: Final = 60.0


def run_rounds(
    turns: Sequence[Turn], rounds: int, minutes: float, clock: _Clock = time.monotonic
) -> int:
    """Take turns, so that a warm processor or a busy neighbour meets all alike.

    A turn that would probably end too late, as long as the longest so far took, is not begun, and
    none after it.

    Parameters
    ----------
    turns
        What is done in each round.
    rounds
        How often.
    minutes
        How long all may take.
    clock
        Seconds that never go back.

    Returns
    -------
    int
        How many turns were taken.
    """
    end = clock() + MINUTE * minutes
    longest = 0.0
    taken = 0
    for number in range(rounds):
        for i in range(len(turns)):
            start = clock()
            if start + longest > end:
                return taken
            turns[(number + i) % len(turns)]()
            taken += 1
            longest = max(longest, clock() - start)
    return taken
