import io
from pathlib import Path

import h5py
import numpy as np
import pytest

from brainlens.datasets.fetch.matlab import read_folds, read_slice
from brainlens.errors import DataError

from ...cheng_originals import HEIGHT, WIDTH, folds_file, image_of, mask_of, matlab_slice


def test_a_slice_comes_out_upright_and_unscaled() -> None:
    image = image_of(1, lowest=100)
    found = read_slice(matlab_slice(image, mask_of(), 3, "MR1B"), "1.mat")
    assert found.pixels.dtype == np.uint16
    assert found.pixels.shape == (HEIGHT, WIDTH)
    np.testing.assert_array_equal(found.pixels, image)
    np.testing.assert_array_equal(found.mask, mask_of() == 1)
    assert (found.label, found.pid) == ("pituitary", "MR1B")
    assert (found.lowest, found.highest) == (int(image.min()), int(image.max()))


def test_values_below_zero_are_moved_up_together() -> None:
    image = image_of(1, lowest=-300)
    found = read_slice(matlab_slice(image, mask_of()), "1.mat")
    assert found.lowest == -299
    np.testing.assert_array_equal(found.pixels.astype(int) + found.lowest, image)
    extremes = np.array([[-32768, 32767]], np.int16)
    widest = read_slice(matlab_slice(extremes, np.ones((1, 2), np.uint8)), "1.mat")
    assert widest.pixels.tolist() == [[0, 65535]]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (matlab_slice(image_of(1).astype(np.float64), mask_of()), "the image is float64"),
        (matlab_slice(image_of(1).astype(np.int32) * 100, mask_of()), "do not fit"),
        (matlab_slice(image_of(1)[None], mask_of()), "of shape"),
        (matlab_slice(image_of(1), mask_of().T), "differ in shape"),
        (matlab_slice(image_of(1), mask_of(), label=4), "the label is 4"),
        (matlab_slice(image_of(1), mask_of(), pid="a/../b"), "patient's number"),
        (matlab_slice(image_of(1), mask_of(), pid="  "), "patient's number"),
        (matlab_slice(image_of(1), mask_of(), leave_out=["PID"]), "a MATLAB v7.3 file"),
        (matlab_slice(image_of(1), mask_of())[:3000], "a MATLAB v7.3 file"),
        (b"MATLAB 5.0 MAT-file", "a MATLAB v7.3 file"),
        (b"", "a MATLAB v7.3 file"),
    ],
)
def test_what_is_no_slice_is_refused_by_name(data: bytes, says: str) -> None:
    with pytest.raises(DataError, match=rf"^7\.mat is not.*{says}"):
        read_slice(data, "7.mat")


def test_a_link_into_another_file_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["image"] = image_of(1).T
    buffer = io.BytesIO(matlab_slice(image_of(1), mask_of(), leave_out=["image"]))
    with h5py.File(buffer, "r+") as file:
        file["cjdata"]["image"] = h5py.ExternalLink(str(secret), "image")
    with pytest.raises(DataError, match="lies in another file"):
        read_slice(buffer.getvalue(), "7.mat")


def test_folds_are_read_in_order() -> None:
    assert read_folds(folds_file([3, 1, 2]), "cvind.mat") == (3, 1, 2)
    with pytest.raises(DataError, match="no whole numbers"):
        read_folds(folds_file([1.5]), "cvind.mat")
    with pytest.raises(DataError, match="cvind"):
        read_folds(matlab_slice(image_of(1), mask_of()), "cvind.mat")
