"""All perturbations, in the order of reports."""

from typing import Any, Final

from brainlens.evaluation.robustness.bias_field import BIAS_FIELD
from brainlens.evaluation.robustness.blur import BLUR
from brainlens.evaluation.robustness.brightness import BRIGHTNESS
from brainlens.evaluation.robustness.contrast import CONTRAST
from brainlens.evaluation.robustness.crop import CROP
from brainlens.evaluation.robustness.flip import FLIP
from brainlens.evaluation.robustness.gamma import GAMMA
from brainlens.evaluation.robustness.ghosting import GHOSTING
from brainlens.evaluation.robustness.jpeg_quality import JPEG_QUALITY
from brainlens.evaluation.robustness.motion import MOTION
from brainlens.evaluation.robustness.noise import NOISE
from brainlens.evaluation.robustness.padding import PADDING
from brainlens.evaluation.robustness.perturbation import Perturbation
from brainlens.evaluation.robustness.resolution import RESOLUTION
from brainlens.evaluation.robustness.rotation import ROTATION
from brainlens.evaluation.robustness.skull_stripping import SKULL_STRIPPING

FAMILIES: Final[tuple[Perturbation[Any], ...]] = (
    BRIGHTNESS,
    CONTRAST,
    GAMMA,
    NOISE,
    BLUR,
    JPEG_QUALITY,
    RESOLUTION,
    ROTATION,
    FLIP,
    CROP,
    PADDING,
    SKULL_STRIPPING,
    BIAS_FIELD,
    GHOSTING,
    MOTION,
)
