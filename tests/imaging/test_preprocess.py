import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from tests.imaging.pictures import encode, grey8, grey16, smooth

from brainlens.imaging import (
    Pixels,
    PreprocessSpec,
    Slice,
    preprocess,
    quantise,
    read,
    standardise,
)

SPEC = PreprocessSpec(size=64)
FULL = PreprocessSpec(size=64, intensity="full_range")


def levels(pixels: Pixels, spec: PreprocessSpec = SPEC) -> NDArray[np.int64]:
    """Quantised pixels, ready to be subtracted."""
    quantised = quantise(Slice(pixels, "png"), spec)
    assert quantised.shape == (spec.size, spec.size)
    assert quantised.dtype == np.uint8
    return quantised.astype(np.int64)


def random_pixels(seed: int, height: int, width: int, largest: int) -> NDArray[np.uint16]:
    """A slice of noise on black, as ugly as one likes."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, largest + 1, (height, width)) * (rng.random((height, width)) < 0.7)
    return pixels.astype(np.uint16)


PIXELS = st.builds(
    random_pixels,
    seed=st.integers(0, 2**32 - 1),
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    largest=st.integers(0, 2000),
)


def reference(pixels: Pixels, spec: PreprocessSpec) -> NDArray[np.float64]:
    """Steps 1 to 3 spelled out slowly and plainly, from the words of the specification."""
    values = np.sort(pixels.astype(np.float64), axis=None)

    def percentile(of: NDArray[np.float64], q: float) -> float:
        return float(of[max(math.ceil(of.size * q / 100), 1) - 1])

    threshold = values[0] + spec.foreground * (percentile(values, 99.9) - values[0])
    foreground = values[values > threshold * (1 + 1e-6)]
    low = percentile(values, spec.low_percentile)
    high = percentile(foreground, spec.high_percentile) if foreground.size else low
    if high <= low:
        return np.zeros((spec.size, spec.size))
    scaled = np.clip((pixels - low) / (high - low), 0, 1)
    height, width = scaled.shape
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    square = np.pad(scaled, ((top, side - height - top), (left, side - width - left)))
    weights = triangle(side, spec.size)
    resized: NDArray[np.float64] = weights @ square @ weights.T
    return resized


def triangle(source: int, target: int) -> NDArray[np.float64]:
    """Antialiased triangle filter: row i holds the weights of output pixel i."""
    step = source / target
    reach = max(step, 1.0)
    centres = (np.arange(target)[:, np.newaxis] + 0.5) * step
    weights: NDArray[np.float64] = np.maximum(
        0, 1 - np.abs(np.arange(source) + 0.5 - centres) / reach
    )
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


@settings(max_examples=50)
@given(PIXELS, st.sampled_from([SPEC, PreprocessSpec(size=33, foreground=0.25, low_percentile=2)]))
def test_it_does_what_the_specification_says(
    pixels: NDArray[np.uint16], spec: PreprocessSpec
) -> None:
    expected = reference(pixels, spec) * 255
    assert np.abs(levels(pixels, spec) - expected).max() <= 0.51


@settings(max_examples=50)
@given(PIXELS)
def test_depths_agree(pixels: NDArray[np.uint16]) -> None:
    np.testing.assert_array_equal(levels(pixels), levels(pixels.astype(np.float32)))
    shallow = (pixels // 8).astype(np.uint8)
    np.testing.assert_array_equal(levels(shallow), levels(shallow.astype(np.uint16)))


@settings(max_examples=50)
@given(PIXELS, st.integers(1, 30), st.integers(0, 5000))
def test_gain_and_offset_change_nothing(pixels: NDArray[np.uint16], gain: int, offset: int) -> None:
    assert np.abs(levels(pixels) - levels(pixels * np.uint16(gain) + np.uint16(offset))).max() <= 1


@settings(max_examples=50)
@given(PIXELS, st.floats(1e-3, 1e3), st.floats(-1, 1))
def test_gain_and_offset_change_nothing_in_floating_point(
    pixels: NDArray[np.uint16], gain: float, offset: float
) -> None:
    real = pixels.astype(np.float32)
    moved = ((real + offset * real.max()) * gain).astype(np.float32)
    assert np.abs(levels(real) - levels(moved)).max() <= 1


@settings(max_examples=8)
@given(st.integers(1, 4), st.sampled_from([FULL, SPEC]))
def test_a_black_border_only_rescales(share: int, spec: PreprocessSpec) -> None:
    # A border of share/8 of the side on every side: the content keeps 8 of 8 + 2 * share parts.
    side = 96
    content = grey16(side, side) - np.uint16(40)
    border = side * share // 8
    inner = 64
    outer = inner + 2 * inner * share // 8
    alone = levels(content, spec.model_copy(update={"size": inner}))
    framed = levels(np.pad(content, border), spec.model_copy(update={"size": outer}))
    start = inner * share // 8
    cut = framed[start : start + inner, start : start + inner]
    assert np.abs(cut - alone).max() <= (1 if spec is FULL else 4)
    framed[start : start + inner, start : start + inner] = 0
    assert not framed.any()


def test_eight_bits_and_their_sixteen_bit_original_nearly_agree() -> None:
    deep = grey16(256, 256)
    span = int(deep.max()) - int(deep.min())
    shallow = np.rint((deep - deep.min()) * (255 / span)).astype(np.uint8)
    original = levels(read(encode(Image.fromarray(deep), "PNG")).pixels)
    for quality in (85, 95):
        jpeg = read(encode(Image.fromarray(shallow), "JPEG", quality=quality))
        difference = np.abs(levels(jpeg.pixels) - original)
        assert difference.max() <= 3
        assert difference.mean() <= 0.6


@pytest.mark.parametrize("value", [0, 7, 255])
def test_constant_slices_become_zero(value: int) -> None:
    constant = np.full((9, 40), value, np.uint8)
    for pixels in (constant, constant.astype(np.uint16), constant.astype(np.float32)):
        assert not levels(pixels).any()


def test_a_threshold_above_everything_leaves_zero() -> None:
    spec = PreprocessSpec(size=32, foreground=math.nextafter(1, 0))
    pixels = np.array([[0, 9], [9, 9]], np.uint8)
    for same in (pixels, pixels.astype(np.float32)):
        assert not levels(same, spec).any()


def test_full_range_divides_by_the_largest_value_of_the_type() -> None:
    half = np.full((10, 10), 128, np.uint8)
    assert (levels(half, FULL) == 128).all()
    assert (levels(half.astype(np.uint16) * 257, FULL) == 128).all()
    real = np.array([[-3.0, 0.0], [1.0, 2.0]], np.float32).repeat(64, 0).repeat(64, 1)
    corners = levels(real, FULL)[[0, 0, -1, -1], [0, -1, 0, -1]]
    np.testing.assert_array_equal(corners, [0, 0, 128, 255])
    assert not levels(np.full((4, 4), -1, np.float32), FULL).any()


def test_the_largest_floats_do_not_overflow() -> None:
    largest = np.finfo(np.float32).max
    pixels = np.linspace(-1, 1, 4096, dtype=np.float32).reshape(64, 64) * largest
    assert levels(pixels).max() == 255


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (3, 2)])
def test_odd_shapes(shape: tuple[int, int]) -> None:
    pixels = np.arange(shape[0] * shape[1], dtype=np.uint16).reshape(shape)
    levels(pixels, FULL)
    levels(pixels)


def test_nothing_is_stretched() -> None:
    wide = levels(np.full((20, 60), 255, np.uint8), PreprocessSpec(size=60, intensity="full_range"))
    rows = np.flatnonzero(wide.any(axis=1))
    assert (rows[0], rows[-1]) == (20, 39)
    assert (wide[20:40] == 255).all()
    tall = levels(np.full((61, 20), 255, np.uint8), PreprocessSpec(size=61, intensity="full_range"))
    columns = np.flatnonzero(tall.any(axis=0))
    # 41 columns of padding: the odd one goes right.
    assert (columns[0], columns[-1]) == (20, 39)


def test_a_transposed_slice_gives_the_transposed_input() -> None:
    pixels = grey8(50, 83)
    np.testing.assert_allclose(levels(pixels), levels(pixels.T.copy()).T, atol=1)


def test_many_pixels_are_counted_in_pieces() -> None:
    pixels = np.rint(smooth(1100, 1000) * 4000).astype(np.uint16)
    np.testing.assert_array_equal(levels(pixels), levels(pixels.astype(np.float32)))


def test_standardise() -> None:
    spec = PreprocessSpec(size=64, mean=0.25, std=0.5)
    grey = np.array([[0, 255], [51, 102]], np.uint8)
    expected = (grey / 255 - 0.25) / 0.5
    result = standardise(grey, spec)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=1e-6)


def test_preprocess_is_both_steps() -> None:
    slice_ = Slice(grey8(50, 70), "png")
    image = preprocess(slice_, SPEC)
    assert image.shape == (1, 64, 64)
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image[0], standardise(quantise(slice_, SPEC), SPEC))
