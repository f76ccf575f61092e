"""Resolution: the same field of view in fewer pixels."""

from dataclasses import replace

import numpy as np
from PIL import Image

from brainlens.evaluation.robustness.grey import grey_values, with_grey_values
from brainlens.evaluation.robustness.perturbation import Perturbation
from brainlens.imaging import Slice


def _reduced(slice_: Slice, grade: float, rng: np.random.Generator) -> Slice:
    size = (max(1, round(slice_.width / grade)), max(1, round(slice_.height / grade)))
    image = Image.fromarray(grey_values(slice_)).resize(size, Image.Resampling.BOX)
    reduced = with_grey_values(slice_, np.asarray(image, dtype=np.float32))
    if slice_.spacing_mm is None:
        return reduced
    row, column = slice_.spacing_mm
    spacing = (row * slice_.height / reduced.height, column * slice_.width / reduced.width)
    return replace(reduced, spacing_mm=spacing)


RESOLUTION = Perturbation("resolution", "pixels merged along a side", (2.0, 4.0, 8.0), _reduced)
