import math
from collections import Counter

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


def _by_patient(patients: list[str], epoch: int = 0, **place: int) -> list[int]:
    order = SeededOrder(len(patients), 5, patients=patients, **place)
    order.set_epoch(epoch)
    return list(order)


def test_a_patient_is_shown_by_the_square_root_of_its_slices() -> None:
    patients = ["many"] * 64 + ["few"] * 16 + [f"one{i}" for i in range(4)]
    # Shares: 8 + 4 + 4 × 1 = 16 of 84 slices.
    for epoch in range(3):
        shown = Counter(patients[number % 84] for number in _by_patient(patients, epoch))
        assert shown["many"] == 84 * 8 / 16
        assert shown["few"] == 84 * 4 / 16
        assert {shown[f"one{i}"] for i in range(4)} <= {5, 6}


@given(
    patients=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=50), epoch=st.integers(0, 9)
)
def test_every_slice_comes_as_often_as_expected_and_each_showing_is_another(
    patients: list[str], epoch: int
) -> None:
    numbers = _by_patient(patients, epoch)
    n, slices = len(patients), Counter(patients)
    assert len(numbers) == n == len(set(numbers))
    share = n / sum(math.sqrt(count) for count in slices.values())
    for index, patient in enumerate(patients):
        showings = sorted(number // n for number in numbers if number % n == index)
        assert showings == list(range(len(showings)))
        _is_expected(len(showings), share / math.sqrt(slices[patient]))
    shown = Counter(patients[number % n] for number in numbers)
    for patient, count in slices.items():
        _is_expected(shown[patient], share * math.sqrt(count))


def _is_expected(found: int, expected: float) -> None:
    assert math.floor(expected - 1e-9) <= found <= math.ceil(expected + 1e-9)


def test_the_order_by_patient_is_a_function_of_seed_and_epoch() -> None:
    patients = [str(i % 7) for i in range(0, 60, 2)] + ["x"]
    assert _by_patient(patients, 3) == _by_patient(patients, 3)
    assert len({tuple(_by_patient(patients, epoch)) for epoch in range(5)}) == 5
    parts = [_by_patient(patients, 3, rank=rank, replicas=2) for rank in (0, 1)]
    assert [len(part) for part in parts] == [15, 15]
    assert not set(parts[0]) & set(parts[1])


def test_equal_patients_are_all_shown_once() -> None:
    assert sorted(_by_patient(["a", "b", "c", "a", "b", "c"])) == list(range(6))
