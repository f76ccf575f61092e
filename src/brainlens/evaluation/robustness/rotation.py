"""Rotation about the middle of the image, to one side or the other."""

from dataclasses import replace

import numpy as np
from PIL import Image

from brainlens.evaluation.robustness.grey import grey_values, with_grey_values
from brainlens.evaluation.robustness.perturbation import Perturbation
from brainlens.imaging import Slice


def _turned(slice_: Slice, grade: float, rng: np.random.Generator) -> Slice:
    values = grey_values(slice_)
    image = Image.fromarray(values).rotate(
        grade if rng.random() < 0.5 else -grade,
        Image.Resampling.BILINEAR,
        fillcolor=float(values.min()),
    )
    turned = with_grey_values(slice_, np.asarray(image, dtype=np.float32))
    # Rows and columns of unequal distance are neither any more.
    return replace(turned, spacing_mm=None)


ROTATION = Perturbation("rotation", "degrees", (5.0, 10.0, 20.0, 45.0, 90.0), _turned)
