"""Grey values go to shares of the range and back."""

import numpy as np
import pytest
from numpy.typing import NDArray

from brainlens.evaluation.robustness.grey import grey_values, tissue_level, with_grey_values
from brainlens.imaging import Slice

from .drawn import head


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_there_and_back_is_the_same(kind: type[np.generic]) -> None:
    slice_ = head(kind=kind)
    again = with_grey_values(slice_, grey_values(slice_))
    assert np.array_equal(again.pixels, slice_.pixels)
    assert again.spacing_mm == slice_.spacing_mm


def test_the_range_is_the_types_for_bytes_and_the_slices_own_for_others() -> None:
    low = Slice(np.array([[10, 20]], np.uint8), "png")
    assert grey_values(low)[0].tolist() == pytest.approx([10 / 255, 20 / 255])
    twelve = Slice(np.array([[0, 1024, 4096]], np.uint16), "png")
    assert grey_values(twelve).tolist() == [[0, 0.25, 1]]
    signed = Slice(np.array([[-1, 0, 3]], np.float32), "nifti")
    assert grey_values(signed).tolist() == [[0, 0.25, 1]]
    assert with_grey_values(signed, np.array([[0, 1, 9]], np.float32)).pixels.tolist() == [
        [-1, 3, 3]
    ]


def test_what_leaves_the_range_is_clipped_and_the_rest_rounded() -> None:
    slice_ = Slice(np.zeros((1, 3), np.uint8), "png")
    values = np.array([[-0.5, 0.4999, 1.5]], np.float32)
    assert with_grey_values(slice_, values).pixels.tolist() == [[0, 127, 255]]


@pytest.mark.parametrize("side", [64, 900])
def test_the_tissue_level_is_the_median_without_air(side: int) -> None:
    values: NDArray[np.float32] = np.zeros((side, side), np.float32)
    values[side // 4 : side // 2] = 0.4
    values[: side // 8] = 0.9
    assert tissue_level(values) == pytest.approx(0.4)
    assert tissue_level(np.zeros((3, 3), np.float32)) == 0
