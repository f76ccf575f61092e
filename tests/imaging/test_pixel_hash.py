import numpy as np
from PIL import Image
from tests.imaging.pictures import encode, grey8

from brainlens.imaging import Slice, pixel_sha256, read


def test_equal_pixels_hash_equally_whatever_the_file() -> None:
    image = Image.fromarray(grey8())
    colour = image.convert("RGB")
    files = [encode(image, "PNG"), encode(image, "BMP"), encode(colour, "PNG")]
    assert len({pixel_sha256(read(data)) for data in files}) == 1


def test_value_shape_and_depth_all_count() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    other = pixels.copy()
    other[2, 3] += 1
    variants = (
        pixels,
        other,
        pixels.reshape(4, 3),
        pixels.astype(np.uint16),
        pixels.astype(np.float32),
    )
    assert len({pixel_sha256(Slice(p, "png")) for p in variants}) == len(variants)


def test_byte_order_does_not_count_and_the_value_is_fixed() -> None:
    little = np.array([[1, 2], [3, 60000]], dtype="<u2")
    expected = "937cd4c93f3fb387ba9f3972ebed625b7db0c95f90f1c67faae9d551c6cf6d0a"
    assert pixel_sha256(Slice(little, "png")) == expected
    assert pixel_sha256(Slice(little.astype(">u2"), "png")) == expected
