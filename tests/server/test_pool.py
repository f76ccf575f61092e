import asyncio
import threading

import pytest

from brainlens.errors import ServiceBusy
from brainlens.server.pool import WorkerPool


def test_places_are_counted_and_given_back() -> None:
    async def check() -> None:
        pool = WorkerPool(workers=1, queue_length=1)
        with pool.place(), pool.place():
            assert pool.full
            with pytest.raises(ServiceBusy) as caught, pool.place():
                raise AssertionError("no third place")
            assert caught.value.hint
        assert pool.held == 0
        with pytest.raises(RuntimeError), pool.place():
            raise RuntimeError
        assert pool.held == 0
        await pool.close()

    asyncio.run(check())


def test_work_runs_in_another_thread_and_its_error_comes_back() -> None:
    async def check() -> None:
        pool = WorkerPool(workers=1, queue_length=0)
        assert await pool.run(threading.get_ident) != threading.get_ident()
        with pytest.raises(ZeroDivisionError):
            await pool.run(lambda: 1 // 0)
        assert await pool.run(lambda: "still at work") == "still at work"
        await pool.close()

    asyncio.run(check())


def test_never_more_at_work_than_workers() -> None:
    running, most = 0, 0
    lock = threading.Lock()
    both = threading.Barrier(2)

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait(60)
        with lock:
            running -= 1

    async def check() -> None:
        pool = WorkerPool(workers=2, queue_length=10)
        await asyncio.gather(*(pool.run(work) for _ in range(8)))
        await pool.close()

    asyncio.run(check())

    assert most == 2


def test_waiting_work_that_is_cancelled_never_starts() -> None:
    async def check() -> None:
        pool = WorkerPool(workers=1, queue_length=2)
        gate, started, ran = threading.Event(), threading.Event(), threading.Event()

        def first() -> str:
            started.set()
            gate.wait(60)
            return "done"

        working = asyncio.ensure_future(pool.run(first))
        await asyncio.to_thread(started.wait, 60)
        waiting = asyncio.ensure_future(pool.run(ran.set))
        await asyncio.sleep(0)
        waiting.cancel()
        gate.set()
        assert await working == "done"
        await pool.run(lambda: None)
        assert not ran.is_set()
        await pool.close()

    asyncio.run(check())


def test_running_work_that_is_cancelled_keeps_its_thread_until_it_ends() -> None:
    async def check() -> None:
        pool = WorkerPool(workers=1, queue_length=2)
        gate, started, order = threading.Event(), threading.Event(), []

        def first() -> None:
            started.set()
            gate.wait(60)
            order.append("first")

        working = asyncio.ensure_future(pool.run(first))
        await asyncio.to_thread(started.wait, 60)
        working.cancel()
        following = asyncio.ensure_future(pool.run(lambda: order.append("second")))
        await asyncio.sleep(0.01)
        assert order == []
        assert pool.waiting == 1
        gate.set()
        await following
        assert order == ["first", "second"]
        await pool.close()

    asyncio.run(check())


def test_closed_pool_takes_no_work_and_loses_no_thread() -> None:
    async def check() -> None:
        pool = WorkerPool(workers=1, queue_length=0)
        await pool.close()
        for _ in range(2):
            with pytest.raises(RuntimeError):
                await asyncio.wait_for(pool.run(lambda: None), 60)

    asyncio.run(check())


@pytest.mark.parametrize("steps", range(8))
def test_work_cancelled_on_its_way_to_a_thread_loses_none(steps: int) -> None:
    async def check() -> None:
        pool = WorkerPool(workers=1, queue_length=0)
        going = asyncio.ensure_future(pool.run(lambda: None))
        for _ in range(steps):
            await asyncio.sleep(0)
        going.cancel()
        async with asyncio.timeout(60):
            assert await pool.run(lambda: "still at work") == "still at work"
            assert await pool.run(lambda: "and not twice") == "and not twice"
        await pool.close()
        assert pool.waiting == 0

    asyncio.run(check())


def test_closing_waits_for_work_whose_caller_left() -> None:
    async def check() -> None:
        pool = WorkerPool(workers=2, queue_length=0)
        gate, started, done = threading.Event(), threading.Event(), threading.Event()

        def work() -> None:
            started.set()
            gate.wait(60)
            done.set()

        working = asyncio.ensure_future(pool.run(work))
        await asyncio.to_thread(started.wait, 60)
        working.cancel()
        closing = asyncio.ensure_future(pool.close())
        await asyncio.sleep(0.01)
        assert not closing.done()
        gate.set()
        await closing
        assert done.is_set()

    asyncio.run(check())


def test_the_thread_that_was_at_work_last_works_next() -> None:
    async def check() -> None:
        pool = WorkerPool(workers=4, queue_length=0)
        both = threading.Barrier(4)
        await asyncio.gather(*(pool.run(lambda: both.wait(60)) for _ in range(4)))
        threads = {await pool.run(threading.get_ident) for _ in range(8)}
        assert len(threads) == 1
        await pool.close()

    asyncio.run(check())
