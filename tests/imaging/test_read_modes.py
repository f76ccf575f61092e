"""Depths, colour, transparency, orientation and frames."""

import struct
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.imaging.pictures import encode, grey8, grey16, smooth

from brainlens.errors import ImageTooLarge, UnreadableImage
from brainlens.imaging import Limits, read

GREY = grey8(40, 56)
DEEP = grey16(40, 56)
CODED = np.array([[10, 20, 30], [40, 50, 60]], np.uint8)


def tiff(
    values: NDArray[np.generic],
    sample_format: int,
    *,
    white_is_zero: bool = False,
    tile: tuple[int, int] | None = None,
) -> bytes:
    """A plain TIFF of the kinds that Pillow reads but does not write."""
    order = ">" if values.dtype.byteorder == ">" else "<"
    height, width = values.shape
    offset = 8 + 2 + 11 * 12 + 4
    strips = [(273, 4, offset), (277, 3, 1), (278, 4, height), (279, 4, values.nbytes)]
    if tile is not None:
        strips = [(322, 4, tile[0]), (323, 4, tile[1]), (324, 4, offset), (325, 4, values.nbytes)]
    tags = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, values.dtype.itemsize * 8),
        (259, 3, 1),
        (262, 3, 0 if white_is_zero else 1),
        *strips,
        (339, 3, sample_format),
        (34000, 3, 0),
    ]
    header = (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(order + "I", 8)
    entries = b""
    for tag, kind, value in tags:
        packed = struct.pack(order + ("HH" if kind == 3 else "I"), *([value, 0][: 5 - kind]))
        entries += struct.pack(order + "HHI", tag, kind, 1) + packed
    directory = struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "I", 0)
    return header + directory + values.tobytes()


@pytest.mark.parametrize("order", ["<", ">"])
def test_sixteen_bit_tiff_of_either_byte_order(order: str) -> None:
    slice_ = read(tiff(DEEP.astype(order + "u2"), 1))
    assert slice_.pixels.dtype == np.uint16
    assert slice_.pixels.dtype.isnative
    np.testing.assert_array_equal(slice_.pixels, DEEP)


def test_white_is_zero_is_turned_round() -> None:
    np.testing.assert_array_equal(read(tiff(DEEP, 1, white_is_zero=True)).pixels, 65535 - DEEP)
    np.testing.assert_array_equal(read(tiff(GREY, 1, white_is_zero=True)).pixels, 255 - GREY)
    real = smooth(20, 30).astype("<f4")
    np.testing.assert_array_equal(read(tiff(real, 3, white_is_zero=True)).pixels, -real)


@pytest.mark.parametrize(("kind", "expected"), [("<i2", np.uint16), ("<i4", np.uint16)])
def test_signed_integers_that_are_not_negative_become_sixteen_bits(
    kind: str, expected: type[np.generic]
) -> None:
    slice_ = read(tiff(DEEP.astype(kind), 2))
    assert slice_.pixels.dtype == expected
    np.testing.assert_array_equal(slice_.pixels, DEEP)


@pytest.mark.parametrize("offset", [-1000, 70_000])
def test_integers_beyond_sixteen_bits_become_real_numbers(offset: int) -> None:
    slice_ = read(tiff(DEEP.astype("<i4") + offset, 2))
    assert slice_.pixels.dtype == np.float32
    np.testing.assert_array_equal(slice_.pixels, DEEP.astype(np.float32) + offset)


def test_floating_point_is_kept_and_must_be_finite() -> None:
    real = (smooth(20, 30) * 3 - 1).astype("<f4")
    slice_ = read(tiff(real, 3))
    assert slice_.pixels.dtype == np.float32
    np.testing.assert_array_equal(slice_.pixels, real)
    for value in (np.nan, np.inf):
        real[3, 4] = value
        with pytest.raises(UnreadableImage, match="finite"):
            read(tiff(real, 3))


def test_grey_saved_as_colour_is_not_colourful() -> None:
    colour = Image.fromarray(GREY).convert("RGB")
    slice_ = read(encode(colour, "PNG"))
    np.testing.assert_array_equal(slice_.pixels, GREY)
    assert not slice_.colourful
    assert not read(encode(colour, "JPEG", quality=40)).colourful


def test_colour_is_luma_and_said() -> None:
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 200
    slice_ = read(encode(Image.fromarray(red), "PNG"))
    assert slice_.colourful
    assert slice_.pixels[0, 0] == round(0.299 * 200)


def test_one_pixel_in_a_thousand_does_not_make_a_slice_colourful() -> None:
    pixels = np.repeat(np.full((100, 100, 1), 90, np.uint8), 3, axis=2)
    pixels[0, :10, 0] = 99
    assert not read(encode(Image.fromarray(pixels), "PNG")).colourful
    pixels[0, 10, 0] = 99
    assert read(encode(Image.fromarray(pixels), "PNG")).colourful
    pixels[..., 0] = 98
    assert not read(encode(Image.fromarray(pixels), "PNG")).colourful


def test_palette_one_bit_and_cmyk() -> None:
    palette = Image.fromarray(CODED).quantize(6)
    np.testing.assert_allclose(read(encode(palette, "PNG")).pixels, CODED, atol=2)
    bits = np.array([[True, False], [False, True]])
    expected = np.where(bits, 255, 0)
    np.testing.assert_array_equal(read(encode(Image.fromarray(bits), "PNG")).pixels, expected)
    cmyk = Image.fromarray(GREY).convert("RGB").convert("CMYK")
    slice_ = read(encode(cmyk, "JPEG", quality=95))
    assert np.abs(slice_.pixels.astype(int) - GREY).mean() < 3


def test_transparency_lies_over_black() -> None:
    alpha = np.array([[255, 0, 128], [255, 255, 0]], np.uint8)
    expected = np.rint(CODED * (alpha / 255.0))
    grey = Image.merge("LA", (Image.fromarray(CODED), Image.fromarray(alpha)))
    for image in (grey, grey.convert("RGBA")):
        pixels = read(encode(image, "PNG")).pixels
        np.testing.assert_allclose(pixels, expected, atol=1)
    keyed = encode(Image.fromarray(CODED), "PNG", transparency=40)
    np.testing.assert_array_equal(read(keyed).pixels, np.where(CODED == 40, 0, CODED))
    gif = encode(Image.fromarray(CODED), "GIF", transparency=50)
    np.testing.assert_array_equal(read(gif).pixels, np.where(CODED == 50, 0, CODED))


STORED = {
    1: CODED,
    2: np.fliplr(CODED),
    3: np.rot90(CODED, 2),
    4: np.flipud(CODED),
    5: CODED.T,
    6: np.rot90(CODED),
    7: np.rot90(CODED.T, 2),
    8: np.rot90(CODED, -1),
}


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", sorted(STORED))
def test_orientation_is_applied_once(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    image = Image.fromarray(np.ascontiguousarray(STORED[orientation]))
    np.testing.assert_array_equal(read(encode(image, kind, exif=exif, **options)).pixels, CODED)


def test_orientation_of_sixteen_bits_and_of_jpeg() -> None:
    exif = Image.Exif()
    exif[274] = 6
    turned = Image.fromarray(np.rot90(DEEP).copy())
    np.testing.assert_array_equal(read(encode(turned, "PNG", exif=exif)).pixels, DEEP)
    jpeg = read(encode(Image.fromarray(np.rot90(GREY).copy()), "JPEG", quality=95, exif=exif))
    assert np.abs(jpeg.pixels.astype(int) - GREY).mean() < 2


@pytest.mark.parametrize("exif", [b"not a TIFF", b"II*\0\x08\0\0\0\xff\xff\x12\x01"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_damaged_metadata_leaves_the_pixels_as_they_lie(kind: str, exif: bytes) -> None:
    slice_ = read(encode(Image.fromarray(GREY), kind, quality=95, exif=b"Exif\0\0" + exif))
    assert slice_.pixels.shape == GREY.shape


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_several_frames_the_first(kind: str) -> None:
    second = Image.fromarray(255 - GREY)
    options = {"lossless": True} if kind == "WEBP" else {}
    image = Image.fromarray(GREY)
    slice_ = read(encode(image, kind, save_all=True, append_images=[second], **options))
    assert slice_.frame == 0
    np.testing.assert_array_equal(slice_.pixels, GREY)


def test_mpo_is_jpeg() -> None:
    image = Image.fromarray(GREY)
    slice_ = read(encode(image, "MPO", save_all=True, append_images=[image]))
    assert slice_.format == "jpeg"
    assert slice_.pixels.shape == GREY.shape


@pytest.mark.parametrize("side", [9_000, 40_000])
def test_huge_tiles_of_a_small_image_are_refused(side: int) -> None:
    np.testing.assert_array_equal(read(tiff(GREY, 1, tile=(56, 40))).pixels, GREY)
    with pytest.raises(ImageTooLarge):
        read(tiff(GREY, 1, tile=(side, side)))


@pytest.mark.parametrize("side", [10_000, 16_383])
def test_canvases_are_refused_before_they_are_allocated(side: int) -> None:
    gif = b"GIF89a" + struct.pack("<HHBBB", side, side, 0, 0, 0) + b";"
    webp = bytearray(encode(Image.fromarray(GREY), "WEBP", lossless=True))
    (bits,) = struct.unpack_from("<I", webp, 21)
    struct.pack_into("<I", webp, 21, bits & ~0xFFFFFFF | side - 1 | side - 1 << 14)
    for data in (gif, bytes(webp)):
        with pytest.raises(ImageTooLarge, match=str(side)):
            read(data)


def test_pillows_own_limit_is_told_as_ours() -> None:
    header = struct.pack("<HHBBB", 10, 10, 0, 0, 0) + b","
    gif = b"GIF89a" + header + struct.pack("<HHHHB", 0, 0, 60_000, 60_000, 0) + b"\x02\x00;"
    with pytest.raises(ImageTooLarge):
        read(gif, Limits(max_pixels=10**10, max_side=10**5))


def test_a_jpeg_of_very_many_scans_is_refused() -> None:
    progressive = encode(Image.fromarray(GREY), "JPEG", progressive=True)
    assert read(progressive).pixels.shape == GREY.shape
    last = progressive.rindex(b"\xff\xda")
    scan = progressive[last:-2]
    with pytest.raises(UnreadableImage, match="scans"):
        read(progressive[:-2] + scan * 70 + b"\xff\xd9")


def test_metadata_that_pillow_warns_about_is_read_in_silence() -> None:
    # An animation of no frames: Pillow warns and reads the picture; warnings are errors here.
    png = encode(Image.fromarray(GREY), "PNG")
    control = b"acTL" + struct.pack(">II", 0, 0)

    chunk = struct.pack(">I", 8) + control + struct.pack(">I", zlib.crc32(control))
    slice_ = read(png[:33] + chunk + png[33:])
    np.testing.assert_array_equal(slice_.pixels, GREY)
