"""Rounds rotate, and end when there is no time left."""

from functools import partial

from benchmarks.serving.rounds import run_rounds


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0
        self.done: list[str] = []

    def __call__(self) -> float:
        return self.now

    def turn(self, name: str, seconds: float) -> None:
        self.now += seconds
        self.done.append(name)


def test_each_round_begins_with_another() -> None:
    clock = _Clock()
    turns = [partial(clock.turn, name, 1) for name in "abc"]
    assert run_rounds(turns, 3, 1, clock) == 9
    assert "".join(clock.done) == "abcbcacab"


def test_what_would_end_too_late_is_not_begun() -> None:
    clock = _Clock()
    turns = [partial(clock.turn, "a", 20), partial(clock.turn, "b", 5)]
    assert run_rounds(turns, 9, 1, clock) == 4
    assert clock.now <= 100 + 60
    assert "".join(clock.done) == "abba"
