import numpy as np
import pytest

from brainlens.datasets.audit.descriptor import (
    FRAMES,
    LENGTH,
    SIDE,
    HeadFrame,
    Thumbnail,
    describe,
    orientations,
    thumbnail,
)
from brainlens.datasets.audit.orientation import COUNT, oriented
from brainlens.imaging.slice import Pixels, Slice

from .heads import CHANGES, as_slice, head


def _of(patient: int, change: str = "nothing") -> Thumbnail:
    return thumbnail(as_slice(CHANGES[change](head(patient))))


def _likeness(a: Thumbnail, b: Thumbnail) -> list[float]:
    """Return the cosine between the parts of two descriptors."""
    x, y = describe(a).astype(float), describe(b).astype(float)
    lengths = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    return [float(cosine) for cosine in (x * y).sum(axis=1) / lengths]


@pytest.mark.parametrize("kind", ["B", "H", "f"])
@pytest.mark.parametrize("shape", [(1, 1), (40, 300), (128, 128)])
def test_any_slice_has_a_thumbnail(shape: tuple[int, int], kind: str) -> None:
    pixels: Pixels = np.random.default_rng(0).integers(0, 256, shape).astype(kind)
    made = thumbnail(Slice(pixels, "png"))
    assert made.shape == (SIDE, SIDE)
    assert made.dtype == np.uint8


def test_brightness_depth_and_aspect_leave_the_thumbnail_nearly_alone() -> None:
    for change in ("darkened", "of 16 bits", "stretched", "enlarged"):
        difference = np.abs(_of(0).astype(int) - _of(0, change))
        assert difference.mean() < 2, change


def test_a_constant_slice_is_blank_and_described_by_nothing() -> None:
    blank = thumbnail(Slice(np.full((50, 50), 9, np.uint8), "png"))
    assert not blank.any()
    assert not describe(blank).any()


def test_a_descriptor_is_small_and_of_unit_length() -> None:
    made = describe(_of(0))
    assert made.shape == (FRAMES, LENGTH)
    assert made.nbytes == 128
    assert np.linalg.norm(made.astype(float), axis=1) == pytest.approx([127, 127], abs=2)


@pytest.mark.parametrize("orientation", range(COUNT))
def test_orientations_are_described_without_a_look_at_the_image(orientation: int) -> None:
    image = _of(1)
    laid = describe(np.ascontiguousarray(oriented(image, orientation)))
    for frame in range(FRAMES):
        known = orientations(describe(image)[np.newaxis, frame])[orientation, 0]
        assert np.abs(known.astype(int) - laid[frame]).max() <= 3


def test_a_turned_head_is_like_itself_and_a_cropped_one_in_its_own_frame() -> None:
    assert min(_likeness(_of(2), _of(2, "turned"))) > 0.95
    whole, own = _likeness(_of(2), _of(2, "cropped"))
    assert own > 0.95
    assert own > whole


def test_the_head_is_found_where_it_is_drawn() -> None:
    image = np.zeros((SIDE, SIDE), np.uint8)
    image[24:72, 12:36] = 200
    frame = HeadFrame.of(image)
    assert (frame.x, frame.y) == pytest.approx((0.25, 0.5))
    assert frame.height > frame.width
    # A uniform bar's standard deviation is its length over the root of 12.
    assert np.sqrt(frame.width * frame.height) == pytest.approx(np.sqrt(0.25 * 0.5 / 12), rel=0.01)


def test_an_image_without_a_bright_head_has_a_frame_all_the_same() -> None:
    dark = np.full((SIDE, SIDE), 3, np.uint8)
    assert HeadFrame.of(dark) == HeadFrame(0.5, 0.5, 0.25, 0.25)
    dark[5, 5] = 255
    spot = HeadFrame.of(dark)
    assert spot.width > 0
    assert spot.height > 0
