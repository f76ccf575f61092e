"""Small real images on disk."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

MakeImage = Callable[..., Path]


@pytest.fixture
def make_image(tmp_path: Path) -> MakeImage:
    """Return a function that writes a small grey PNG whose pixels depend on ``seed``."""

    def make(name: str, seed: int = 0, *, size: int = 40, compression: int = 6) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 256, (size, size), dtype=np.uint8)
        Image.fromarray(pixels).save(path, format="PNG", compress_level=compression)
        return path

    return make
