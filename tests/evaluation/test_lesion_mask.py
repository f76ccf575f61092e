"""Masks are read by half of their largest value and must fit their slice."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brainlens.errors import ImageError, NotAnImage, StorageError
from brainlens.evaluation.lesion_mask import read_lesion_mask
from brainlens.evaluation.slice_file import read_slice
from brainlens.imaging import Slice

SLICE = Slice(np.zeros((3, 4), np.uint8), "png")


@pytest.mark.parametrize("values", [(0, 1), (0, 255), (3, 250)])
def test_what_is_above_half_of_the_largest_value_is_lesion(
    tmp_path: Path, values: tuple[int, int]
) -> None:
    mask = np.eye(3, 4, dtype=np.bool_)
    Image.fromarray(np.where(mask, values[1], values[0]).astype(np.uint8)).save(tmp_path / "m.png")
    assert np.array_equal(read_lesion_mask(tmp_path / "m.png", SLICE), mask)


def test_an_empty_mask_is_empty(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((3, 4), np.uint8)).save(tmp_path / "m.png")
    assert not read_lesion_mask(tmp_path / "m.png", SLICE).any()


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 3), np.uint8)).save(tmp_path / "m.png")
    with pytest.raises(ImageError, match=r"m\.png: The mask has 3 x 4 pixels, its slice 4 x 3"):
        read_lesion_mask(tmp_path / "m.png", SLICE)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"gone\.png cannot be read"):
        read_slice(tmp_path / "gone.png")
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(NotAnImage):
        read_slice(tmp_path / "text.png")
