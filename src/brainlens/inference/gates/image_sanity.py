"""The cheapest gate: whether this could be a slice at all."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from brainlens.inference.gates.gate import Evidence, Finding

NAME: Final = "image_sanity"


@dataclass(frozen=True, slots=True)
class ImageSanity:
    """Rejects what no scanner makes, and abstains from what shows too little.

    Attributes
    ----------
    max_aspect
        Longer over shorter side above which an image is rejected.
    max_colour
        Share of coloured pixels above which it is rejected: some colour may be a note on a slice,
        much of it is a photograph.
    min_side
        Pixels of the shorter side below which too little is to be seen.
    min_spread
        Standard deviation of the scaled grey levels, in levels of 255, below which nothing is.
    """

    max_aspect: float = 3.0
    max_colour: float = 0.1
    min_side: float = 48
    min_spread: float = 4.0

    @property
    def name(self) -> str:
        """The name in ``bundle.json``."""
        return NAME

    @property
    def needs(self) -> tuple[str, ...]:
        """Nothing of the network."""
        return ()

    def check(self, evidence: Evidence) -> Finding | None:
        """Return the objection, or None."""
        slice_ = evidence.slice_
        short, long = sorted((slice_.height, slice_.width))
        if long > self.max_aspect * short or slice_.colour_share > self.max_colour:
            return Finding(rejects=True, reason="not_brain_mr")
        if short < self.min_side or np.std(evidence.quantised) < self.min_spread:
            return Finding(rejects=False, reason="poor_quality")
        return None
