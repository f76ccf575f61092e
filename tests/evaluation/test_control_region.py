"""The control region is the lesion's own shape, elsewhere, in the head."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from brainlens.evaluation.control_region import control_region


def _shape(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    rows, columns = np.nonzero(mask)
    return mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(12, 40), st.integers(1, 9))
def test_wherever_it_lies_it_has_the_shape_and_meets_no_lesion(
    seed: int, side: int, size: int
) -> None:
    rng = np.random.default_rng(seed)
    head = np.zeros((side, side + 3), np.bool_)
    head[2:-1, 1:-2] = True
    lesion = np.zeros_like(head)
    lesion[3 : 3 + size, 3 : 3 + size] = rng.random((size, size))[: side - 3, :side] < 0.7
    found = control_region(lesion, head, rng)
    if found is None:
        return
    assert not (found & lesion).any()
    assert not (found & ~head).any()
    shape = _shape(lesion)
    mirrored = (shape, shape[:, ::-1], shape[::-1], shape[::-1, ::-1])
    assert any(np.array_equal(_shape(found), one) for one in mirrored)


def test_every_free_place_can_be_drawn_and_no_other() -> None:
    head = np.ones((3, 7), np.bool_)
    lesion = np.zeros_like(head)
    lesion[:, 2:4] = True
    places = set()
    for seed in range(60):
        found = control_region(lesion, head, np.random.default_rng(seed))
        assert found is not None
        places.add(int(np.nonzero(found)[1].min()))
    assert places == {0, 4, 5}


def test_a_mirrored_shape_is_tried_where_the_shape_itself_does_not_fit() -> None:
    lesion = np.zeros((4, 8), np.bool_)
    lesion[0:4, 0] = lesion[3, 0:3] = True
    head = lesion.copy()
    head[0:4, 7] = head[3, 5:8] = True
    found = control_region(lesion, head, np.random.default_rng(0))
    assert found is not None
    assert np.array_equal(found, lesion[:, ::-1])


def test_no_lesion_or_no_room_gives_none() -> None:
    head = np.ones((6, 6), np.bool_)
    rng = np.random.default_rng(0)
    assert control_region(np.zeros_like(head), head, rng) is None
    assert control_region(head, head, rng) is None
    assert control_region(np.eye(6, dtype=np.bool_), ~head, rng) is None
