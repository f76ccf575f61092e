"""What holds for every perturbation at every grade."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from brainlens.evaluation.robustness.families import FAMILIES
from brainlens.evaluation.robustness.perturbation import Perturbation
from brainlens.evaluation.slice_rng import slice_rng
from brainlens.imaging import PreprocessSpec, Slice, quantise

from .drawn import head

EACH = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def _apply(family: Perturbation[Any], slice_: Slice, grade: object) -> Slice:
    return family.apply(slice_, grade, slice_rng(slice_, family.name))


@EACH
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_every_grade_changes_the_picture_keeps_the_type_and_leaves_the_slice_alone(
    family: Perturbation[Any], kind: type[np.generic]
) -> None:
    slice_ = head(kind=kind)
    before = slice_.pixels.copy()
    for grade in family.grades:
        changed = _apply(family, slice_, grade)
        assert changed.pixels.dtype == kind
        assert np.isfinite(changed.pixels).all()
        assert changed.pixels.flags.c_contiguous
        assert changed.pixels.shape != before.shape or (changed.pixels != before).any()
        assert changed.pixels.min() >= before.min()
        assert changed.pixels.max() <= (255 if kind is np.uint8 else before.max())
    assert np.array_equal(slice_.pixels, before)


@EACH
def test_the_same_slice_and_seed_give_the_same_picture(family: Perturbation[Any]) -> None:
    for grade in family.grades:
        one, other = _apply(family, head(), grade), _apply(family, head(), grade)
        assert np.array_equal(one.pixels, other.pixels)


@pytest.mark.parametrize(
    "family",
    [f for f in FAMILIES if f.name not in ("brightness", "contrast", "gamma", "flip", "rotation")],
    ids=lambda family: family.name,
)
def test_a_later_grade_is_the_stronger_one(family: Perturbation[Any]) -> None:
    spec = PreprocessSpec(size=64)
    plain = quantise(head(), spec).astype(float)
    distances = [
        float(np.abs(quantise(_apply(family, head(), grade), spec) - plain).mean())
        for grade in family.grades
    ]
    assert distances[-1] > 1.2 * distances[0]


@EACH
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (37, 2)])
@pytest.mark.parametrize("level", [0, 200])
def test_blank_and_tiny_slices_are_borne(
    family: Perturbation[Any], shape: tuple[int, int], level: int
) -> None:
    for kind in (np.uint8, np.float32):
        pixels: NDArray[Any] = np.full(shape, level, kind)
        slice_ = Slice(pixels, "png")
        for grade in family.grades:
            changed = _apply(family, slice_, grade)
            assert changed.pixels.size
            assert np.isfinite(changed.pixels).all()


def test_names_are_distinct_and_grades_too() -> None:
    assert len({family.name for family in FAMILIES}) == len(FAMILIES) == 15
    for family in FAMILIES:
        assert len(set(family.grades)) == len(family.grades) >= 3
        assert family.scale
