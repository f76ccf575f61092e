import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brainlens.imaging import Geometry, PreprocessSpec, Slice, quantise

SIDES = st.integers(1, 900)
POINTS = st.floats(-50, 2000)
SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=50)
@given(SIDES, SIDES, st.integers(32, 300), POINTS, POINTS)
def test_there_and_back(height: int, width: int, size: int, x: float, y: float) -> None:
    geometry = Geometry(height, width, size)
    back = geometry.to_original(*geometry.to_input(x, y))
    assert back == pytest.approx((x, y), abs=1e-6)


@settings(max_examples=50)
@given(SIDES, SIDES, st.integers(32, 300))
def test_the_image_lies_inside_the_input(height: int, width: int, size: int) -> None:
    geometry = Geometry(height, width, size)
    left, top = geometry.to_input(0, 0)
    right, bottom = geometry.to_input(width, height)
    assert -1e-9 <= left < right <= size + 1e-9
    assert -1e-9 <= top < bottom <= size + 1e-9
    assert max(right - left, bottom - top) == pytest.approx(size)


SHAPES = [(96, 96), (97, 61), (61, 97), (33, 200), (511, 256), (20, 24)]


@pytest.mark.parametrize(("height", "width"), SHAPES)
def test_a_square_planted_in_the_image_is_found_in_the_input(height: int, width: int) -> None:
    pixels = np.zeros((height, width), np.uint8)
    rows, columns = slice(height // 2, height // 2 + 9), slice(width // 4, width // 4 + 9)
    pixels[rows, columns] = 255
    spec = PreprocessSpec(intensity="full_range", size=64)
    levels = quantise(Slice(pixels, "png"), spec).astype(float)
    y, x = ((np.indices(levels.shape) + 0.5) * levels).sum(axis=(1, 2)) / levels.sum()
    centre = Geometry(height, width, 64).to_original(x, y)
    expected = (columns.start + 4.5, rows.start + 4.5)
    # Within a fifth of an input pixel, seen from the original.
    assert centre == pytest.approx(expected, abs=0.2 * max(1, max(height, width) / 64))


@pytest.mark.parametrize(("height", "width"), SHAPES)
@pytest.mark.parametrize("cells", [(8, 8), (7, 7), (16, 16)])
def test_a_map_goes_back_onto_the_lesion(height: int, width: int, cells: tuple[int, int]) -> None:
    geometry = Geometry(height, width, 64)
    # Light the one cell that holds the middle of the image's second quarter.
    point = (width * 0.3, height * 0.4)
    x, y = geometry.to_input(*point)
    cell = int(y * cells[0] / 64), int(x * cells[1] / 64)
    grid = np.zeros(cells, np.float32)
    grid[cell] = 1
    mapped = geometry.map_to_original(grid)
    assert mapped.shape == (height, width)
    assert mapped.dtype == np.float32
    assert mapped.min() >= 0
    step = max(height, width) / cells[0]
    row, column = np.unravel_index(int(mapped.argmax()), mapped.shape)
    assert abs(row + 0.5 - point[1]) <= 0.51 * step + 1
    assert abs(column + 0.5 - point[0]) <= 0.51 * step + 1
    peak_x, peak_y, _ = geometry.peak(grid)
    assert abs(peak_x - column) <= 1
    assert abs(peak_y - row) <= 1


@settings(max_examples=50)
@given(SIDES, SIDES)
def test_a_flat_map_stays_flat(height: int, width: int) -> None:
    mapped = Geometry(height, width, 64).map_to_original(np.full((7, 7), 0.25))
    np.testing.assert_allclose(mapped, 0.25, rtol=1e-6)


@settings(max_examples=100)
@given(st.integers(1, 300), st.integers(64, 300), st.integers(1, 8), st.integers(1, 8), SEEDS)
def test_the_peak_is_that_of_the_interpolated_map(
    height: int, width: int, rows: int, columns: int, seed: int
) -> None:
    grid = np.random.default_rng(seed).random((rows, columns)).astype(np.float32)
    geometry = Geometry(height, width, 64)
    mapped = geometry.map_to_original(grid)
    x, y, value = geometry.peak(grid)
    assert mapped[y, x] == pytest.approx(value, abs=1e-4)
    assert mapped.max() == pytest.approx(value, abs=1e-4)


def test_a_map_can_be_had_in_any_size() -> None:
    grid = np.arange(16, dtype=np.float32).reshape(4, 4)
    geometry = Geometry(200, 100, 64)
    small = geometry.map_to_original(grid, (20, 10))
    full = geometry.map_to_original(grid)
    assert small.shape == (20, 10)
    blocks = full.reshape(20, 10, 10, 10).mean(axis=(1, 3))
    # Equal where the surface is even, apart by a little at the centres of cells.
    np.testing.assert_allclose(small, blocks, atol=0.15)


def test_what_lies_over_the_padding_is_no_peak() -> None:
    grid = np.zeros((8, 8))
    grid[0, 7] = 2
    grid[4, 1] = 1
    # 350 rows of padding above: the first row of cells is far outside the image.
    x, y, value = Geometry(100, 800, 64).peak(grid)
    assert x in (149, 150)
    assert y == 99
    assert value == pytest.approx(1, abs=0.02)


def test_a_peak_cut_by_the_border_lies_on_the_border() -> None:
    grid = np.zeros((8, 8))
    grid[3, 2] = 1
    # The cell's centre is 350 rows down the square and the image begins at 380.
    x, y, value = Geometry(40, 800, 64).peak(grid)
    assert x in (249, 250)
    assert y == 0
    assert value == pytest.approx((1 - 30.5 / 100) * (1 - 0.5 / 100))
