import numpy as np
import pytest

from brainlens.errors import ImageError
from brainlens.imaging import Geometry, Slice
from brainlens.imaging.head_box import whole
from brainlens.imaging.lesion_mask import lesion_pixels, to_input


def test_above_half_of_the_largest_value_is_lesion() -> None:
    mask = Slice(np.array([[0, 2, 3], [6, 4, 0]], np.uint8), "png")
    lesion = lesion_pixels(mask, Slice(np.zeros((2, 3), np.uint16), "tiff"))
    assert lesion.tolist() == [[False, False, False], [True, True, False]]
    assert not lesion_pixels(Slice(np.zeros((2, 3), np.uint8), "png"), mask).any()


def test_another_size_is_refused() -> None:
    with pytest.raises(ImageError, match="has 3 x 2 pixels, its slice 2 x 3"):
        lesion_pixels(
            Slice(np.zeros((2, 3), np.uint8), "png"), Slice(np.zeros((3, 2), np.uint8), "png")
        )


@pytest.mark.parametrize("shape", [(64, 64), (100, 60), (48, 96)])
def test_a_lesion_is_put_where_geometry_says(shape: tuple[int, int]) -> None:
    lesion = np.zeros(shape, np.bool_)
    lesion[10:30, 22:40] = True
    size = 32
    rows, columns = np.nonzero(to_input(lesion, whole(*shape), size))
    geometry = Geometry(*shape, size)
    left, top = geometry.to_input(22, 10)
    right, bottom = geometry.to_input(40, 30)
    assert (columns.min(), rows.min()) == (round(left), round(top))
    assert (columns.max() + 1, rows.max() + 1) == (round(right), round(bottom))
