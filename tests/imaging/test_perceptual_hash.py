import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.imaging.pictures import grey8

from brainlens.errors import InputError
from brainlens.imaging import (
    HammingIndex,
    PreprocessSpec,
    Slice,
    from_hex,
    perceptual_hash,
    quantise,
    to_hex,
)

HASHES = st.integers(0, 2**64 - 1)


@settings(max_examples=50)
@given(HASHES)
def test_hex_there_and_back(hash_: int) -> None:
    assert len(to_hex(hash_)) == 16
    assert from_hex(to_hex(hash_)) == hash_


@pytest.mark.parametrize("text", ["", "0x00000000000000", "00000000000000000", "00000000000000AG"])
def test_what_is_no_hash(text: str) -> None:
    with pytest.raises(InputError, match="not a perceptual hash"):
        from_hex(text)


@settings(max_examples=50)
@given(st.lists(HASHES, min_size=1, max_size=20), HASHES, st.integers(0, 16))
def test_the_index_agrees_with_counting_bits(hashes: list[int], hash_: int, most: int) -> None:
    nearest = min((hash_ ^ other).bit_count() for other in hashes)
    index = HammingIndex(hashes, most)
    assert index.nearest(hash_) == nearest
    assert index.contains(hash_) == (nearest <= most)
    assert len(index) == len(set(hashes))


def test_an_empty_index_contains_nothing() -> None:
    index = HammingIndex([], 16)
    assert index.nearest(0) is None
    assert not index.contains(0)


def test_copies_are_near_and_other_pictures_far() -> None:
    spec = PreprocessSpec(size=64)
    picture = grey8()
    own = perceptual_hash(quantise(Slice(picture, "png"), spec))
    darker = perceptual_hash(quantise(Slice((picture * 0.6).astype(np.uint8), "png"), spec))
    mirrored = perceptual_hash(quantise(Slice(picture[:, ::-1].copy(), "png"), spec))
    assert (own ^ darker).bit_count() <= 2
    assert (own ^ mirrored).bit_count() > 16


@pytest.mark.parametrize("size", [32, 128, 1024])
def test_bits_are_signs_of_low_frequencies(size: int) -> None:
    levels = quantise(Slice(grey8(), "png"), PreprocessSpec(size=size))
    position = np.pi * (2 * np.arange(size) + 1) / (2 * size)
    hash_ = perceptual_hash(levels)
    for bit in range(64):
        row, column = bit // 8 + 1, bit % 8 + 1
        waves = np.outer(np.cos(row * position), np.cos(column * position))
        coefficient = float((waves * levels).sum())
        if abs(coefficient) > 1e-3 * levels.sum():
            assert (hash_ >> 63 - bit & 1) == (coefficient > 0)


def test_the_hash_never_changes_between_releases() -> None:
    # Bundles keep hashes of what they were trained on.
    y, x = np.mgrid[0:64, 0:64]
    levels = ((x * x + 3 * x * y + 40 * (x > 20)) // 50 % 256).astype(np.uint8)
    assert to_hex(perceptual_hash(levels)) == "d5aa56a54ad5aa55"


def test_black_is_zero() -> None:
    assert perceptual_hash(np.zeros((64, 64), np.uint8)) == 0
