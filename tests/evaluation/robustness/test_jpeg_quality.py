"""JPEG compression is Pillow's."""

import io

import numpy as np
from PIL import Image

from brainlens.evaluation.robustness.jpeg_quality import JPEG_QUALITY

from .drawn import head


def test_bytes_are_what_a_jpeg_file_gives_back() -> None:
    slice_ = head()
    buffer = io.BytesIO()
    Image.fromarray(slice_.pixels).save(buffer, "JPEG", quality=25)
    expected = np.asarray(Image.open(buffer))
    changed = JPEG_QUALITY.apply(slice_, 25.0, np.random.default_rng(0))
    assert np.array_equal(changed.pixels, expected)
