import numpy as np
import pytest
from tests.imaging.pictures import grey8, grey16

from brainlens.imaging import PreprocessSpec, Slice, preprocess, quantise, standardise

SPEC = PreprocessSpec(size=64)


def test_shapes_types_and_ranges() -> None:
    for pixels in (grey8(50, 70), grey16(70, 50), grey8().astype(np.float32)):
        slice_ = Slice(pixels=pixels, format="png")
        levels = quantise(slice_, SPEC)
        assert levels.shape == (64, 64)
        assert levels.dtype == np.uint8
        assert levels.max() > 200
        image = preprocess(slice_, SPEC)
        assert image.shape == (1, 64, 64)
        assert image.dtype == np.float32
        np.testing.assert_array_equal(image[0], standardise(levels, SPEC))
        assert image.min() >= 0
        assert image.max() <= 1


@pytest.mark.parametrize("value", [0, 7, 255])
def test_constant_slices_become_zero(value: int) -> None:
    constant = np.full((9, 40), value, np.uint8)
    for pixels in (constant, constant.astype(np.uint16), constant.astype(np.float32)):
        assert not quantise(Slice(pixels, "png"), SPEC).any()
