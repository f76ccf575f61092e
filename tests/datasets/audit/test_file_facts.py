import io

import numpy as np
import pytest
from PIL import Image

from brainlens.datasets.audit.file_facts import FileFacts, file_facts
from brainlens.imaging import read


def facts(image: Image.Image, kind: str, **options: int) -> FileFacts:
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return file_facts(buffer.getvalue(), read(buffer.getvalue()))


def head(mode: str = "L") -> Image.Image:
    """Return a bright box from 20 to 60 of 100 across, from 10 to 90 of 200 down."""
    pixels = np.full((200, 100), 10, np.uint8)
    pixels[10:90, 20:60] = 200
    return Image.fromarray(pixels).convert(mode)


@pytest.mark.parametrize("quality", [25, 50, 75, 90, 98])
def test_jpeg_quality_is_read_from_its_tables(quality: int) -> None:
    found = facts(head(), "JPEG", quality=quality)
    assert abs(found.jpeg_quality - quality) <= 1
    assert found.jpeg_tables
    assert found.jpeg_tables == facts(head().rotate(90), "JPEG", quality=quality).jpeg_tables
    assert found.jpeg_tables != facts(head(), "JPEG", quality=quality + 1).jpeg_tables


def test_what_is_no_jpeg_has_no_quality() -> None:
    found = facts(head("RGB"), "PNG")
    assert (found.format, found.mode, found.jpeg_quality, found.jpeg_tables) == (
        "png",
        "RGB",
        0,
        "",
    )


def test_size_head_and_border() -> None:
    found = facts(head(), "PNG")
    assert (found.width, found.height, found.aspect) == (100, 200, 0.5)
    assert (found.head_left, found.head_top) == (0.2, 0.05)
    assert (found.head_width, found.head_height) == pytest.approx((0.4, 0.4))
    assert found.border == 0
    frame = head()
    frame.paste(200, (0, 0, 100, 1))
    assert facts(frame, "PNG").border == pytest.approx(102 / 600)


def test_large_images_are_measured_alike() -> None:
    small, large = facts(head(), "PNG"), facts(head().resize((1000, 2000)), "PNG")
    assert large.head_left == pytest.approx(small.head_left, abs=0.02)
    assert large.head_height == pytest.approx(small.head_height, abs=0.02)


def test_an_empty_picture_is_all_head() -> None:
    found = facts(Image.new("L", (50, 50), 9), "PNG")
    assert (found.head_left, found.head_width, found.border) == (0, 1, 0)


def test_deep_pixels() -> None:
    deep = Image.fromarray(np.asarray(head()).astype(np.uint16) * 257)
    found = facts(deep, "PNG")
    assert found.mode.startswith("I;16")
    assert found.head_left == 0.2
