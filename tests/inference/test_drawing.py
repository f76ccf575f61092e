import io

import numpy as np
import pytest
from PIL import Image

from brainlens.imaging import Slice
from brainlens.inference.drawing import (
    LONGEST_SIDE,
    backdrop,
    drawn_size,
    heat_levels,
    overlay,
    png,
)


def _lightness(colour: np.ndarray) -> float:
    return float(colour.astype(float) @ [0.2126, 0.7152, 0.0722])


def test_pictures_are_as_large_as_the_slice_up_to_a_limit() -> None:
    assert drawn_size(Slice(np.zeros((30, 77), np.uint8), "png")) == (77, 30)
    assert drawn_size(Slice(np.zeros((100, 4000), np.uint8), "png")) == (LONGEST_SIDE, 26)
    assert drawn_size(Slice(np.zeros((4000, 1), np.uint8), "png")) == (1, LONGEST_SIDE)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_any_depth_is_shown_from_black_to_white(dtype: type) -> None:
    ramp = np.linspace(0, 250, 2000).reshape(40, 50)
    grey = backdrop(Slice((ramp * (200 if dtype == np.uint16 else 1)).astype(dtype), "tiff"))
    assert grey.dtype == np.uint8
    assert grey.shape == (40, 50)
    assert (grey.min(), grey.max()) == (0, 255)
    assert abs(int(grey[20, 0]) - 128) <= 3


def test_extreme_floats_and_flat_slices_are_shown() -> None:
    extreme = np.full((8, 8), -3e38, np.float32)
    extreme[:, 4:] = 3e38
    grey = backdrop(Slice(extreme, "tiff"))
    assert set(np.unique(grey)) == {0, 255}
    assert not backdrop(Slice(np.full((5, 5), 90, np.uint8), "png")).any()


def test_a_large_slice_is_shown_smaller() -> None:
    pixels = np.zeros((2048, 1024), np.uint8)
    pixels[1024:] = 200
    grey = backdrop(Slice(pixels, "png"))
    assert grey.shape == (1024, 512)
    assert grey[100, 100] == 0
    assert grey[900, 100] == 255


def test_where_the_map_is_cold_the_slice_is_unchanged_and_heat_gets_lighter() -> None:
    grey = np.full((1, 256), 80, np.uint8)
    heat = np.linspace(0, 1, 256, dtype=np.float32)[np.newaxis]
    mixed = overlay(grey, heat)
    assert mixed.shape == (1, 256, 3)
    assert mixed.dtype == np.uint8
    np.testing.assert_array_equal(mixed[0, 0], [80, 80, 80])
    black = overlay(np.zeros_like(grey), heat)
    lightness = [_lightness(colour) for colour in black[0]]
    assert np.diff(lightness).min() > -1
    assert lightness[-1] > lightness[128] > lightness[0] == 0


def test_the_slice_shows_through_the_hottest_place() -> None:
    heat = np.ones((1, 2), np.float32)
    dark, bright = overlay(np.array([[0, 255]], np.uint8), heat)[0]
    assert _lightness(bright) - _lightness(dark) > 80


def test_a_map_alone_is_grey() -> None:
    heat = np.array([[0, 0.25, 1]], np.float32)
    np.testing.assert_array_equal(heat_levels(heat), [[0, 64, 255]])


@pytest.mark.parametrize("shape", [(30, 40), (30, 40, 3)])
def test_a_picture_is_lossless_and_says_what_it_is(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    picture = Image.open(io.BytesIO(png(pixels, "Où ? Not a segmentation.")))
    np.testing.assert_array_equal(np.asarray(picture), pixels)
    assert picture.info["Description"] == "Où ? Not a segmentation."
