from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brainlens.bundle import load_bundle
from brainlens.imaging import Geometry, Slice
from brainlens.inference import Predictor
from brainlens.inference.heatmap import HeatMap, heat_maps

CLASSES = ("alpha", "beta", "gamma")
SIDES = st.integers(40, 400)


@pytest.fixture(scope="module")
def predictor(tiny_bundle: Path) -> Predictor:
    return Predictor(load_bundle(tiny_bundle), threads=1)


def _one(values: np.ndarray, geometry: Geometry) -> HeatMap:
    return heat_maps(values.astype(np.float32)[np.newaxis], ("alpha",), geometry)[0]


@settings(max_examples=60)
@given(st.data(), SIDES, SIDES, st.sampled_from([4, 7, 8, 16]))
def test_a_planted_square_is_found_in_the_original(
    data: st.DataObject, height: int, width: int, cells: int
) -> None:
    """A bright square in the image, averaged by the cells of a grid as a network would."""
    geometry = Geometry(height, width, 32 * cells)
    step = geometry.side / cells
    edge = min(int(np.ceil(step)), height, width)
    left = data.draw(st.integers(0, width - edge))
    top = data.draw(st.integers(0, height - edge))
    padded = np.zeros((geometry.side * cells, geometry.side), np.float32)
    # Each row repeated ``cells`` times, so that the cells' borders fall between rows.
    first = (geometry.top + top) * cells
    padded[first : first + edge * cells, geometry.left + left : geometry.left + left + edge] = 1
    rows = padded.reshape(cells, -1, geometry.side).mean(axis=1)
    grid = np.repeat(rows, cells, axis=1).reshape(cells, cells, -1).mean(axis=2)
    heat = _one(grid, geometry)
    assert heat.peak is not None
    x, y = heat.peak
    # A cell's centre may lie half a cell from what fills it, and half of the square covers it.
    assert abs(x + 0.5 - (left + edge / 2)) <= step / 2 + 1.5
    assert abs(y + 0.5 - (top + edge / 2)) <= step / 2 + 1.5
    full = heat.resampled()
    assert full.shape == (height, width)
    # What lies more than a square and a cell away stays cold.
    rows_, columns_ = np.nonzero(full > 1e-3)
    assert columns_.min() >= left - 1.5 * step - 2
    assert columns_.max() <= left + edge + 1.5 * step + 2
    assert rows_.min() >= top - 1.5 * step - 2
    assert rows_.max() <= top + edge + 1.5 * step + 2


def test_all_classes_are_drawn_on_one_scale() -> None:
    values = np.zeros((2, 4, 4), np.float32)
    values[0, 1, 1] = 8
    values[1, 2, 2] = 2
    first, second = heat_maps(values, ("a", "b"), Geometry(64, 64, 64))
    assert first.scale == second.scale == 8
    assert first.resampled().max() == pytest.approx(1, abs=0.07)
    assert second.resampled().max() == pytest.approx(0.25, abs=0.02)
    assert first.grid == (4, 4)
    assert first.values.dtype == second.resampled().dtype == np.float32


def test_a_map_that_is_zero_stays_zero_and_has_no_peak() -> None:
    heat = _one(np.zeros((4, 4)), Geometry(30, 50, 64))
    assert heat.peak is None
    assert heat.scale == 0
    np.testing.assert_array_equal(heat.resampled(), np.zeros((30, 50)))


def test_what_was_seen_in_the_padding_only_has_no_peak() -> None:
    grid = np.zeros((8, 8))
    grid[0, 0] = 3
    assert _one(grid, Geometry(20, 400, 64)).peak is None


def test_a_flat_map_is_one_all_over() -> None:
    resampled = _one(np.full((7, 7), 0.3), Geometry(91, 33, 64)).resampled()
    assert resampled.max() <= 1
    np.testing.assert_allclose(resampled, 1, rtol=1e-6)


def test_another_size_can_be_asked_for() -> None:
    heat = _one(np.eye(4), Geometry(200, 100, 64))
    assert heat.resampled(50, 100).shape == (100, 50)
    assert heat.resampled(width=50).shape == (200, 50)


@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize(("height", "width"), [(64, 64), (60, 101), (97, 50)])
def test_the_network_looked_where_the_light_is(
    predictor: Predictor, index: int, height: int, width: int
) -> None:
    # The tiny network asks class c about quadrant c of the padded square.
    side = max(height, width)
    padded = np.zeros((side, side), np.uint8)
    half = side // 2
    row, column = divmod(index, 2)
    padded[row * half : (row + 1) * half, column * half : (column + 1) * half] = 255
    top, left = (side - height) // 2, (side - width) // 2
    slice_ = Slice(padded[top : top + height, left : left + width], "png")
    answer, maps = predictor.heat_maps(slice_)
    assert [heat.class_id for heat in maps] == list(CLASSES)
    assert answer.predicted_class == CLASSES[index]
    heat = maps[index]
    assert heat.peak is not None
    x, y = heat.peak
    assert slice_.pixels[y, x] == 255
    full = heat.resampled()
    assert full.shape == slice_.pixels.shape
    assert full[slice_.pixels == 255].mean() > 2 * full[slice_.pixels == 0].mean()
    assert all(other.scale == heat.scale for other in maps)


def test_the_answer_is_that_of_a_prediction_without_maps(predictor: Predictor) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (70, 90)).astype(np.uint8)
    slice_ = Slice(pixels, "png")
    answer, maps = predictor.heat_maps(slice_, threshold=0.95)
    plain = predictor.predict_slice(slice_, threshold=0.95)
    changing = {"prediction_id", "timings_ms"}
    assert answer.model_dump(exclude=changing) == plain.model_dump(exclude=changing)
    assert len(maps) == len(CLASSES)
