"""Pointing game and energy on maps whose peak and mass are known."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from brainlens.evaluation.localisation import FIGURES, localisation, locate
from brainlens.imaging import Geometry
from brainlens.inference.heatmap import HeatMap

HEIGHT, WIDTH = 105, 147


def _map(values: NDArray[np.float32], size: int = 147) -> HeatMap:
    return HeatMap("alpha", values, float(values.max()), Geometry(HEIGHT, WIDTH, size))


def _one_hot(row: int, column: int) -> HeatMap:
    values = np.zeros((7, 7), np.float32)
    values[row, column] = 2
    return _map(values)


def _box(top: int, bottom: int, left: int, right: int) -> NDArray[np.bool_]:
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    mask[top:bottom, left:right] = True
    return mask


# Cells of the 7 x 7 grid over the padded square are 21 pixels wide: the centre of cell (3, 2) is
# x = 52.5, y = 73.5 - 21 of padding = 52.5.
PEAK = _one_hot(3, 2)
HEAD = _box(0, 100, 20, 120)


def test_a_peak_inside_is_a_hit_and_the_tolerance_is_15_pixels() -> None:
    assert PEAK.peak == (52, 52)
    inside = locate(PEAK, _box(52, 53, 52, 53), HEAD)
    assert inside.pointing
    assert inside.pointing_15px
    for gap, near in ((1, True), (15, True), (16, False)):
        found = locate(PEAK, _box(45, 60, 52 + gap, 100), HEAD)
        assert not found.pointing
        assert found.pointing_15px is near


def test_energy_is_the_share_of_the_interpolated_map_inside() -> None:
    whole = locate(PEAK, np.ones((HEIGHT, WIDTH), np.bool_), HEAD)
    assert whole.energy == pytest.approx(1)
    half = locate(PEAK, _box(0, 105, 0, 52), HEAD)
    assert half.energy == pytest.approx(0.5, abs=0.03)
    even = locate(_map(np.ones((5, 5), np.float32)), _box(0, 50, 0, 35), HEAD)
    assert even.energy == pytest.approx(50 * 35 / (HEIGHT * WIDTH))


def test_heat_over_the_padding_counts_only_as_far_as_it_reaches_the_image() -> None:
    padded = np.zeros((7, 7), np.float32)
    padded[0] = 9
    padded[3, 2] = 1
    # Between centres the map is linear: of the row over the padding a triangle 10.5 pixels high
    # reaches the image, 4.5 at its edge; the other cell is a pyramid of 21 x 21.
    reaches = 147 * 10.5 * 4.5 / 2
    found = locate(_map(padded), _box(25, 80, 25, 80), HEAD)
    assert found.energy == pytest.approx(441 / (441 + reaches), rel=0.01)


def test_a_map_of_zeros_points_nowhere_and_has_no_energy() -> None:
    found = locate(_map(np.zeros((4, 4), np.float32)), np.ones((HEIGHT, WIDTH), np.bool_), HEAD)
    assert not found.pointing
    assert not found.pointing_15px
    assert math.isnan(found.energy)
    figures = localisation([found, locate(PEAK, HEAD, HEAD)], np.array([0, 1]))
    assert figures["pointing"].value == 0.5
    assert (figures["energy"].n_slices, figures["pointing"].n_slices) == (1, 2)


def test_baselines_are_those_of_the_head() -> None:
    found = locate(PEAK, _box(40, 60, 60, 80), HEAD)
    assert found.random_pixel == pytest.approx(20 * 20 / (100 * 100))
    dilated = sum(
        math.hypot(max(40 - y, 0, y - 59), max(60 - x, 0, x - 79)) <= 15
        for y in range(100)
        for x in range(20, 120)
    )
    assert found.random_pixel_15px == pytest.approx(dilated / 10_000)
    # The head's middle is x = 69.5, y = 49.5.
    assert found.head_centre
    assert not locate(PEAK, _box(40, 60, 86, 90), HEAD).head_centre_15px
    assert locate(PEAK, _box(40, 60, 85, 90), HEAD).head_centre_15px
    without_head = locate(PEAK, _box(40, 60, 60, 80), np.zeros((HEIGHT, WIDTH), np.bool_))
    assert without_head.random_pixel == pytest.approx(20 * 20 / (105 * 147))


def test_what_a_coarse_grid_can_reach_is_said() -> None:
    # Centres of a 2 x 2 grid over the padded square: x 36.75 and 110.25, y 15.75 and 89.25.
    coarse = _map(np.eye(2, dtype=np.float32))
    assert locate(coarse, _box(89, 90, 110, 111), HEAD).best_of_grid
    missed = locate(coarse, _box(40, 60, 60, 80), HEAD)
    assert not missed.best_of_grid
    assert not missed.best_of_grid_15px
    assert locate(coarse, _box(89, 90, 125, 128), HEAD).best_of_grid_15px
    assert not locate(coarse, _box(89, 90, 126, 128), HEAD).best_of_grid_15px
    # A peak is never better than the best of its grid.
    rng = np.random.default_rng(0)
    for _ in range(50):
        shape = (int(rng.integers(1, 9)), int(rng.integers(1, 9)))
        top, left = int(rng.integers(0, 90)), int(rng.integers(0, 130))
        found = locate(
            _map(rng.random(shape).astype(np.float32)), _box(top, top + 9, left, left + 9), HEAD
        )
        assert found.pointing <= found.best_of_grid


def test_no_lesion_is_an_error_and_no_slices_have_no_figures() -> None:
    with pytest.raises(ValueError, match="no lesion"):
        locate(PEAK, np.zeros((HEIGHT, WIDTH), np.bool_), HEAD)
    empty = localisation([], np.array([], dtype=np.int64))
    assert set(empty) == set(FIGURES)
    assert all(ratio.value is None for ratio in empty.values())
