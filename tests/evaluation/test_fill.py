"""Fills, against solutions of Laplace's equation that are known in closed form."""

import numpy as np
import pytest
from numpy.typing import NDArray

from brainlens.evaluation.fill import shuffle_fill, smooth_fill

Y, X = np.mgrid[:24, :30].astype(np.float64)


def _region() -> NDArray[np.bool_]:
    region = np.zeros(X.shape, np.bool_)
    region[5:15, 6:20] = True
    region[8, 10] = False
    return region


@pytest.mark.parametrize("harmonic", [X * 0 + 3, 2 * X - Y, X * Y, X**2 - Y**2])
def test_a_harmonic_picture_comes_back_whatever_lay_under_the_paint(
    harmonic: NDArray[np.float64],
) -> None:
    picture = harmonic.astype(np.float32)
    spoilt = np.where(_region(), 999, picture).astype(np.float32)
    assert smooth_fill(spoilt, _region()) == pytest.approx(picture, abs=1e-3)


def test_bytes_are_filled_within_the_range_around_and_the_rest_is_untouched() -> None:
    picture = np.random.default_rng(0).integers(40, 90, X.shape).astype(np.uint8)
    spoilt = np.where(_region(), 255, picture).astype(np.uint8)
    before = spoilt.copy()
    filled = smooth_fill(spoilt, _region())
    assert filled.dtype == np.uint8
    assert np.array_equal(spoilt, before)
    assert np.array_equal(filled[~_region()], picture[~_region()])
    assert 40 <= filled[_region()].min() <= filled[_region()].max() < 90


def test_at_the_images_border_only_what_is_there_counts() -> None:
    region = np.zeros((6, 8), np.bool_)
    region[:, :4] = True
    picture = np.full((6, 8), 50, np.uint8)
    picture[region] = 0
    assert (smooth_fill(picture, region) == 50).all()


def test_nothing_to_fill_and_nothing_to_fill_from() -> None:
    picture = np.arange(12, dtype=np.uint16).reshape(3, 4)
    assert np.array_equal(smooth_fill(picture, np.zeros((3, 4), np.bool_)), picture)
    with pytest.raises(ValueError, match="whole image"):
        smooth_fill(picture, np.ones((3, 4), np.bool_))


def test_shuffling_keeps_every_grey_value_and_no_order() -> None:
    picture = np.arange(24 * 30, dtype=np.uint16).reshape(24, 30)
    shuffled = shuffle_fill(picture, _region(), np.random.default_rng(1))
    assert np.array_equal(np.sort(shuffled.ravel()), picture.ravel())
    assert np.array_equal(shuffled[~_region()], picture[~_region()])
    moved = shuffled[_region()].astype(float)
    assert abs(np.corrcoef(moved, picture[_region()])[0, 1]) < 0.3
    again = shuffle_fill(picture, _region(), np.random.default_rng(1))
    assert np.array_equal(shuffled, again)
