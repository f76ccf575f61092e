import threading
import tracemalloc
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.imaging.pictures import encode, grey8, grey16

from brainlens.errors import (
    EmptyImage,
    ImageError,
    ImageTooLarge,
    InputError,
    NotAnImage,
    StorageError,
    UnreadableImage,
)
from brainlens.imaging import Limits, Slice, read

GREY = grey8(40, 56)
LOSSLESS = {
    "png": encode(Image.fromarray(GREY), "PNG"),
    "bmp": encode(Image.fromarray(GREY), "BMP"),
    "tiff": encode(Image.fromarray(GREY), "TIFF"),
    "gif": encode(Image.fromarray(GREY), "GIF"),
    "webp": encode(Image.fromarray(GREY), "WEBP", lossless=True),
}
JPEG = encode(Image.fromarray(GREY), "JPEG", quality=90)


@pytest.mark.parametrize("kind", sorted(LOSSLESS))
def test_each_format_gives_the_pixels_that_were_written(kind: str) -> None:
    slice_ = read(LOSSLESS[kind])
    assert slice_.format == kind
    assert slice_.pixels.dtype == np.uint8
    np.testing.assert_array_equal(slice_.pixels, GREY)
    assert not slice_.colourful
    assert slice_.frame is None
    assert (slice_.height, slice_.width) == (40, 56)


def test_jpeg_is_close_to_what_was_written() -> None:
    slice_ = read(JPEG)
    assert slice_.format == "jpeg"
    assert np.abs(slice_.pixels.astype(int) - GREY).mean() < 2


def test_the_extension_is_never_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "slice.jpg"
    path.write_bytes(LOSSLESS["png"])
    assert read(path).format == "png"


def test_empty() -> None:
    with pytest.raises(EmptyImage):
        read(b"")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"%PDF-1.7 and so on", "PDF"),
        (bytes(128) + b"DICM" + bytes(200), "DICOM"),
        (b"class,path\nglioma,1.jpg\n", "no known"),
    ],
)
def test_what_is_no_image_is_named(data: bytes, word: str) -> None:
    with pytest.raises(NotAnImage, match=word) as caught:
        read(data)
    assert "PNG" in caught.value.hint


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.png", tmp_path, Path("a\0b")):
        with pytest.raises(ImageError) as caught:
            read(path)
        assert isinstance(caught.value, InputError)
        assert caught.value.hint


def test_a_file_system_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "slice.png"
    path.write_bytes(LOSSLESS["png"])

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(StorageError, match="Permission denied"):
        read(path)


def test_bytes_beyond_the_limit_are_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.write(LOSSLESS["png"])
        file.truncate(64 * 2**20)  # sparse: it takes no room
    tracemalloc.start()
    try:
        with pytest.raises(ImageTooLarge):
            read(path, Limits(max_bytes=1000))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**20
    with pytest.raises(ImageTooLarge):
        read(LOSSLESS["png"], Limits(max_bytes=100))


@pytest.mark.parametrize("kind", [*sorted(LOSSLESS), "jpeg"])
def test_pixels_and_sides_beyond_the_limit(kind: str) -> None:
    data = LOSSLESS.get(kind, JPEG)
    with pytest.raises(ImageTooLarge, match="56 x 40"):
        read(data, Limits(max_side=55))
    with pytest.raises(ImageTooLarge, match="56 x 40"):
        read(data, Limits(max_pixels=56 * 40 - 1))
    assert read(data, Limits(max_pixels=56 * 40, max_side=56)).width == 56


def test_sixteen_bits_are_kept() -> None:
    deep = grey16(30, 50)
    for kind, options in (("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"})):
        slice_ = read(encode(Image.fromarray(deep), kind, **options))
        assert slice_.pixels.dtype == np.uint16
        np.testing.assert_array_equal(slice_.pixels, deep)


def test_truncated_files_are_unreadable() -> None:
    for kind, data in (*LOSSLESS.items(), ("jpeg", JPEG)):
        for share in (0.3, 0.6, 0.9):
            with pytest.raises(UnreadableImage, match=kind.upper()):
                read(data[: int(len(data) * share)])


DEEP = Image.fromarray(grey16(20, 30))
COLOUR = Image.merge("RGB", [Image.fromarray(grey8(20, 30)), *(Image.new("L", (30, 20), 90),) * 2])
SEEDS = [
    *LOSSLESS.values(),
    JPEG,
    encode(DEEP, "PNG"),
    encode(DEEP, "TIFF", compression="tiff_lzw"),
    encode(COLOUR, "JPEG", progressive=True),
    encode(COLOUR, "TIFF", compression="jpeg"),
    encode(COLOUR, "WEBP", save_all=True, append_images=[COLOUR.rotate(90)]),
    encode(COLOUR, "GIF", save_all=True, append_images=[COLOUR.rotate(90)], transparency=3),
    encode(COLOUR.quantize(16), "PNG", transparency=2),
]


@settings(max_examples=200)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=12),
    st.none() | st.integers(0, 10**6),
)
def test_damaged_files_give_a_slice_or_an_image_error(
    data: bytes, changes: list[tuple[int, int]], cut: int | None
) -> None:
    damaged = bytearray(data)
    for position, value in changes:
        damaged[position % len(damaged)] = value
    if cut is not None:
        del damaged[cut % len(damaged) :]
    with suppress(ImageError):
        slice_ = read(bytes(damaged), Limits(max_pixels=1_000_000))
        assert isinstance(slice_, Slice)
        assert slice_.pixels.ndim == 2
        assert slice_.pixels.size > 0


def test_threads_leave_the_warning_filters_as_they_were() -> None:
    before = list(warnings.filters)
    threads = [
        threading.Thread(target=lambda: [read(data) for data in SEEDS * 3]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before
