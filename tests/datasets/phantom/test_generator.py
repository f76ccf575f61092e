from collections import Counter
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brainlens.datasets.phantom.generator import PhantomSet, PhantomSlice

SET = PhantomSet(seed=5, size=64)


@pytest.fixture(scope="module")
def slices() -> list[PhantomSlice]:
    return [PhantomSet(seed=5, size=64, no_lesion=True).slice(i) for i in range(330)]


def test_a_slice_depends_on_seed_and_number_alone() -> None:
    late = SET.slice(700)
    SET.slice(3)
    again = PhantomSet(seed=5, size=64).slice(700)
    np.testing.assert_array_equal(late.image, again.image)
    np.testing.assert_array_equal(late.mask, again.mask)
    assert not np.array_equal(late.image, PhantomSet(seed=6, size=64).slice(700).image)
    assert not np.array_equal(late.image, SET.slice(701).image)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 10**6))
def test_patients_are_stacks_of_three_to_eight_neighbours(seed: int, pair: int) -> None:
    phantoms = PhantomSet(seed)
    places = [phantoms.patient_of(i) for i in range(11 * pair, 11 * pair + 11)]
    assert [p for p, _ in places] == sorted(p for p, _ in places)
    counts = Counter(p for p, _ in places)
    assert set(counts) == {2 * pair, 2 * pair + 1}
    assert all(3 <= n <= 8 for n in counts.values())
    for patient in counts:
        stack = [place for p, place in places if p == patient]
        assert -1 < stack[0] < stack[-1] < 1
        assert stack == sorted(stack)


def test_kinds_of_lesions_and_planes_are_even(slices: list[PhantomSlice]) -> None:
    patients = {s.patient: (s.lesion, s.view) for s in slices}
    kinds = Counter(lesion for lesion, _ in patients.values())
    assert set(kinds) == {"ring", "dural", "sellar", "none"}
    assert max(kinds.values()) - min(kinds.values()) <= 1
    assert set(patients.values()) == {
        (lesion, view) for lesion in kinds for view in ("axial", "coronal", "sagittal")
    }
    assert "none" not in SET.lesions


def test_all_slices_of_a_patient_show_one_plane_and_one_kind(slices: list[PhantomSlice]) -> None:
    assert len({(s.patient, s.view, s.lesion) for s in slices}) == len({s.patient for s in slices})


def test_masks_are_lesions(slices: list[PhantomSlice]) -> None:
    for s in slices:
        assert s.mask.dtype == np.bool_
        assert s.mask.shape == s.image.shape == (64, 64)
        share = s.mask.mean()
        if s.lesion == "none":
            assert share == 0
        else:
            assert 0.001 < share < 0.2


def test_lesions_are_brighter_than_the_head_around_them(slices: list[PhantomSlice]) -> None:
    def contrast(s: PhantomSlice) -> float:
        return float(np.percentile(s.image[s.mask], 75)) / float(s.image[s.image > 30].mean())

    for kind in ("ring", "dural", "sellar"):
        assert np.mean([contrast(s) > 1 for s in slices if s.lesion == kind]) > 0.85


def test_dural_lesions_lie_at_the_rim_and_sellar_ones_in_the_middle(
    slices: list[PhantomSlice],
) -> None:
    def from_middle(s: PhantomSlice) -> float:
        return abs(float(np.nonzero(s.mask)[1].mean()) - 31.5)

    axial = [s for s in slices if s.view == "axial"]
    assert max(from_middle(s) for s in axial if s.lesion == "sellar") < 8
    assert np.median([from_middle(s) for s in axial if s.lesion == "dural"]) > 8


def test_the_corners_are_air_and_the_range_is_used(slices: list[PhantomSlice]) -> None:
    for s in slices:
        assert s.image[:3, :3].mean() < 40
        assert s.image.max() > 180


def test_neighbours_in_a_stack_are_alike_and_patients_are_not() -> None:
    big = PhantomSet(seed=1, size=64)
    images: dict[int, list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]] = {}
    for i in range(66):
        s = big.slice(i)
        images.setdefault(s.patient, []).append(s.image / s.image.mean())
    within = [np.abs(a[0] - a[1]).mean() for a in images.values()]
    between = [np.abs(images[p][0] - images[p + 1][0]).mean() for p in range(len(images) - 1)]
    assert np.median(within) < 0.75 * np.median(between)


@pytest.mark.parametrize(("bits", "dtype"), [(8, np.uint8), (16, np.uint16)])
def test_depth(bits: Literal[8, 16], dtype: type[np.unsignedinteger]) -> None:
    assert PhantomSet(seed=5, size=64, bits=bits).slice(0).image.dtype == dtype


def test_eight_bits_are_sixteen_rounded() -> None:
    deep = PhantomSet(seed=5, size=64, bits=16).slice(4).image
    assert len(np.unique(deep)) > 1000
    np.testing.assert_allclose(deep / 257, SET.slice(4).image, atol=0.51)


@pytest.mark.parametrize("size", [33, 128, 256])
def test_other_sizes_show_the_same_anatomy(size: int) -> None:
    small, large = SET.slice(12), PhantomSet(seed=5, size=size).slice(12)
    assert large.mask.shape == (size, size)
    assert abs(small.mask.mean() - large.mask.mean()) < 0.3 * small.mask.mean()
