import threading

import pytest

from brainlens.datasets.workers import worker_threads


def test_work_is_done_in_order_by_threads() -> None:
    with worker_threads() as pool:
        results = list(pool.map(lambda i: (i, threading.current_thread()), range(50)))
    assert [i for i, _ in results] == list(range(50))
    assert threading.current_thread() not in {thread for _, thread in results}


def test_an_interruption_drops_what_was_not_begun() -> None:
    begun: list[int] = []
    go_on = threading.Event()

    def work(i: int) -> int:
        begun.append(i)
        if i:
            go_on.wait(timeout=30)
        return i

    def interrupt() -> None:
        with worker_threads() as pool:
            results = pool.map(work, range(10_000))
            assert next(results) == 0
            threading.Timer(0.05, go_on.set).start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert len(begun) < 5_000
