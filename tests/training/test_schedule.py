import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainlens.training.schedule import Schedule


def test_constant_never_changes() -> None:
    assert {Schedule("constant", 10, 3).share(step) for step in range(12)} == {1.0}


def test_cosine_rises_over_the_warmup_then_falls_to_zero() -> None:
    schedule = Schedule("cosine", 104, 4)
    assert [schedule.share(step) for step in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert schedule.share(54) == pytest.approx(0.5)
    assert schedule.share(104) == 0.0


@given(steps=st.integers(1, 500), data=st.data())
def test_cosine_stays_a_share_and_never_rises_after_the_warmup(
    steps: int, data: st.DataObject
) -> None:
    warmup = data.draw(st.integers(0, steps))
    shares = [Schedule("cosine", steps, warmup).share(step) for step in range(steps + 1)]
    assert all(0 <= share <= 1 for share in shares)
    after = shares[warmup:]
    assert after == sorted(after, reverse=True)
