"""What the user says of a model that was trained elsewhere."""

from dataclasses import dataclass
from typing import Literal

Layout = Literal["NCHW", "NHWC"]
Scores = Literal["logits", "probabilities"]


@dataclass(frozen=True)
class Choices:
    """How to feed a model, and what its outputs are; None means: find out.

    The network gets ``(grey * scale - mean) / std``, where grey lies in [0, 1].

    Attributes
    ----------
    scale
        What white is before mean and standard deviation: 1 or 255, mostly.
    mean, std
        One number, or one for each channel.
    intensity
        See `brainlens.imaging.spec.PreprocessSpec`.
    size
        Side of the input in pixels.
    channels
        1 or 3: a grey slice, repeated.
    layout
        Whether channels come before the sides or after them.
    output
        Name of the output with one number a class.
    scores
        Whether those are logits or probabilities.
    features
        Name of what heat maps are made of, or of an output that is the embedding.
    """

    scale: float = 1.0
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    intensity: Literal["full_range", "percentile"] = "full_range"
    size: int | None = None
    channels: Literal[1, 3] | None = None
    layout: Layout | None = None
    output: str | None = None
    scores: Scores | None = None
    features: str | None = None
