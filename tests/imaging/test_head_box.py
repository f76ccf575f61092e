"""The head is found whatever lies around it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from brainlens.imaging import Geometry, PreprocessSpec, Slice, kept_box, quantise
from brainlens.imaging.head_box import Box, head_box
from brainlens.imaging.lesion_mask import to_input

SPEC = PreprocessSpec(crop="head", size=64)
BORDERS = st.integers(0, 200)


def _head(height: int = 120, width: int = 90) -> NDArray[np.uint8]:
    """A grey ellipse that touches all four sides, with a bright lesion off its middle."""
    y, x = np.mgrid[:height, :width]
    down, across = (y + 0.5) / height * 2 - 1, (x + 0.5) / width * 2 - 1
    head = np.where(down**2 + across**2 < 1, 120, 0)
    head[70:82, 24:36] = 240
    return head.astype(np.uint8)


@settings(max_examples=30)
@given(BORDERS, BORDERS, BORDERS, BORDERS)
def test_a_border_changes_nothing(above: int, below: int, left: int, right: int) -> None:
    head = _head()
    framed = np.pad(head, ((above, below), (left, right)))
    shown = quantise(Slice(head, "png"), SPEC)
    np.testing.assert_array_equal(quantise(Slice(framed, "png"), SPEC), shown)
    before, after = kept_box(Slice(head, "png"), SPEC), kept_box(Slice(framed, "png"), SPEC)
    assert after == Box(before.top + above, before.left + left, before.height, before.width)


def test_a_caption_and_specks_are_left_outside() -> None:
    framed = np.pad(_head() / 255, 100).astype(np.float32)
    alone = head_box(framed)
    framed[20:26, 10:30:9] = 1  # a few letters
    framed[310, 280] = 1
    assert head_box(framed) == alone


def test_nearly_all_of_the_head_is_kept() -> None:
    top, left, height, width = head_box(np.pad(_head(600, 400) / 255, 50).astype(np.float32))
    assert 592 <= height <= 600
    assert 394 <= width <= 400
    assert (top - 50, left - 50) == ((600 - height) / 2, (400 - width) / 2)


@pytest.mark.parametrize(
    "noisy", [np.zeros((40, 60)), np.ones((40, 60)), np.tile([[0, 1], [1, 0]], (20, 30))]
)
def test_where_no_head_is_found_the_slice_stays_whole(noisy: NDArray[np.float64]) -> None:
    assert head_box(noisy.astype(np.float32)) == Box(0, 0, 40, 60)


def test_a_speck_is_no_head() -> None:
    image = np.zeros((200, 100), np.float32)
    image[50:60, 20:30] = 1
    assert head_box(image) == Box(0, 0, 200, 100)
    image[50:71, 20:30] = 1
    assert head_box(image) == Box(50, 20, 21, 10)


def test_map_and_outline_lie_on_the_lesion_though_the_slice_is_cut() -> None:
    slice_ = Slice(np.pad(_head(), ((37, 12), (150, 41))), "png")
    kept = kept_box(slice_, SPEC)
    geometry = Geometry(slice_.height, slice_.width, SPEC.size, kept)
    lesion = slice_.pixels > 200
    outline = to_input(lesion, kept, SPEC.size)
    # In the network's input the outline covers what is bright there.
    bright = quantise(slice_, SPEC) >= 190
    assert (outline & bright).sum() > 0.9 * max(outline.sum(), bright.sum())
    # And a map that is hot on the outline is hot on the lesion of the original.
    grid = outline.reshape(16, 4, 16, 4).mean(axis=(1, 3)).astype(np.float32)
    mapped = geometry.map_to_original(grid)
    assert mapped.shape == slice_.pixels.shape
    assert mapped[lesion].mean() > 0.5
    assert mapped[~lesion].mean() < 0.01
    outside = np.ones(mapped.shape, np.bool_)
    outside[kept.top : kept.top + kept.height, kept.left : kept.left + kept.width] = False
    assert not mapped[outside].any()
    x, y, value = geometry.peak(grid)
    assert lesion[y, x]
    assert value == pytest.approx(mapped.max(), abs=1e-3)
    assert mapped[y, x] == pytest.approx(value, abs=1e-3)
    back = geometry.to_original(*geometry.to_input(174.5, 107.5))
    assert back == pytest.approx((174.5, 107.5))


def test_a_small_picture_of_the_map_has_it_in_place() -> None:
    geometry = Geometry(400, 300, 64, Box(100, 60, 200, 150))
    mapped = geometry.map_to_original(np.ones((4, 4), np.float32), (40, 30))
    assert mapped.shape == (40, 30)
    rows, columns = np.nonzero(mapped)
    assert (rows.min(), rows.max() + 1) == (10, 30)
    assert (columns.min(), columns.max() + 1) == (6, 21)
    # Too small a picture for the part to be seen in.
    assert (
        not Geometry(400, 300, 64, Box(0, 0, 30, 30))
        .map_to_original(np.ones((4, 4), np.float32), (4, 3))
        .any()
    )
