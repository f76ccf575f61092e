import threading
from collections.abc import Iterator

import pytest

from brainlens.inference.ordered import map_in_order


@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_order(workers: int) -> None:
    first_may_end = threading.Event()

    def square(n: int) -> int:
        # With several workers the first item ends after the second.
        if n == 0 and workers > 1:
            assert first_may_end.wait(10)
        if n == 1:
            first_may_end.set()
        return n * n

    assert list(map_in_order(square, range(50), workers)) == [n * n for n in range(50)]


def test_items_are_taken_as_results_are() -> None:
    taken = []

    def items() -> Iterator[int]:
        for n in range(1000):
            taken.append(n)
            yield n

    results = map_in_order(str, items(), workers=2)
    assert next(results) == "0"
    assert len(taken) <= 5
    assert next(results) == "1"
    assert len(taken) <= 6


def test_an_error_comes_in_its_turn() -> None:
    results = map_in_order(lambda n: 1 // n, [1, 0, 1], workers=2)
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_leaving_early_ends_the_threads() -> None:
    done: list[int] = []
    results = map_in_order(done.append, range(1000), workers=2)
    next(results)
    results.close()  # type: ignore[attr-defined] # a generator
    assert len(done) <= 5
    assert not any(t.name.startswith("brainlens-predict") for t in threading.enumerate())


def test_nothing_gives_nothing() -> None:
    assert list(map_in_order(str, [], workers=2)) == []
