from hypothesis import given
from hypothesis import strategies as st

from brainlens.training.order import SeededOrder


def _order(length: int, seed: int, epoch: int, rank: int = 0, replicas: int = 1) -> list[int]:
    order = SeededOrder(length, seed, rank=rank, replicas=replicas)
    order.set_epoch(epoch)
    return list(order)


def test_order_is_a_function_of_seed_and_epoch() -> None:
    assert _order(50, 1, 2) == _order(50, 1, 2)
    assert len({tuple(_order(50, s, e)) for s in range(3) for e in range(3)}) == 9


@given(length=st.integers(0, 60), replicas=st.integers(1, 4), epoch=st.integers(0, 5))
def test_processes_share_every_slice_out_evenly(length: int, replicas: int, epoch: int) -> None:
    shares = [_order(length, 0, epoch, rank, replicas) for rank in range(replicas)]
    taken = [index for share in shares for index in share]
    assert {len(share) for share in shares} == {length // replicas}
    assert len(set(taken)) == len(taken)
    assert set(taken) <= set(range(length))
