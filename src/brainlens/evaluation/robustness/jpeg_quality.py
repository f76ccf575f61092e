"""JPEG compression, as exports and screenshots have it."""

import io

import numpy as np
from PIL import Image

from brainlens.evaluation.robustness.grey import grey_values, with_grey_values
from brainlens.evaluation.robustness.perturbation import Perturbation
from brainlens.imaging import Slice


def _compressed(slice_: Slice, grade: float, rng: np.random.Generator) -> Slice:
    eight_bits = np.rint(grey_values(slice_) * 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(eight_bits).save(buffer, format="JPEG", quality=int(grade))
    with Image.open(buffer) as image:
        return with_grey_values(slice_, np.asarray(image, dtype=np.float32) / np.float32(255))


JPEG_QUALITY = Perturbation("JPEG", "quality, 100 best", (75.0, 50.0, 25.0, 10.0), _compressed)
