import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.imaging.pictures import encode, grey8

from brainlens.imaging.canvas import declared_size
from brainlens.imaging.formats import READABLE, describe, sniff


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF"])
def test_readable_formats(kind: str) -> None:
    name = sniff(encode(Image.fromarray(grey8(8, 8)), kind))
    assert name == kind.lower()
    assert name in READABLE


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", None),
        (b"BMI of the patients, by centre\n", None),
        (b"BM", None),
        (b"\0\0\0\x18ftypmp42", None),
        (b"\0\0\0\x18ftypheic", "heif"),
        (b"\0\0\0\x1cftypavif", "avif"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"MATLAB 7.3 MAT-file", "matlab"),
        (bytes(344) + b"n+1\0", "nifti"),
        (b"\0\0\x02\x1cn+2\0\r\n\x1a\n", "nifti"),
        # A DICOM file that is also the start of a TIFF.
        (b"II*\0" + bytes(124) + b"DICM", "dicom"),
    ],
)
def test_others(data: bytes, name: str | None) -> None:
    assert sniff(data) == name
    assert name not in READABLE
    assert describe(name)


@settings(max_examples=50)
@given(st.binary(max_size=400))
def test_any_bytes_have_a_description(data: bytes) -> None:
    assert describe(sniff(data)).startswith(("a ", "an ", "of "))


def test_canvas_of_gif_and_webp() -> None:
    image = Image.fromarray(grey8(40, 56))
    assert declared_size(encode(image, "GIF"), "gif") == (56, 40)
    assert declared_size(encode(image, "WEBP", lossless=True), "webp") == (56, 40)
    assert declared_size(encode(image, "WEBP", quality=80), "webp") == (56, 40)
    extended = encode(image, "WEBP", quality=80, exif=Image.Exif().tobytes() + b"more")
    assert extended[12:16] == b"VP8X"
    assert declared_size(extended, "webp") == (56, 40)
    assert declared_size(encode(image, "PNG"), "png") is None


def test_canvas_of_a_gif_grows_with_its_first_frame() -> None:
    colours = bytes(6)
    comment = b"!\xfe\x03abc\x00"
    frame = b"," + struct.pack("<HHHHB", 5, 6, 300, 200, 0)
    data = b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0x80, 0, 0) + colours + comment + frame
    assert declared_size(data, "gif") == (305, 206)
    assert declared_size(data[: -len(frame)] + b";", "gif") == (10, 10)


@settings(max_examples=50)
@given(st.sampled_from(["gif", "webp"]), st.binary(max_size=80))
def test_canvas_of_damaged_headers(name: str, data: bytes) -> None:
    start = b"GIF89a" if name == "gif" else b"RIFF\0\0\0\0WEBP"
    size = declared_size(start + data, name)
    assert size is None or min(size) >= 0
