"""What gates measure slices by: numbers of the network, or of the slice itself."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from brainlens.inference.engine import EMBEDDING, FEATURE_STATISTICS
from brainlens.inference.gates.gate import Evidence

THUMBNAIL: Final = "thumbnail"
DEPTHS: Final = (EMBEDDING, FEATURE_STATISTICS, THUMBNAIL)
THUMBNAIL_SIDE: Final = 32


def needs(depth: str) -> tuple[str, ...]:
    """Return the network's outputs that a depth is made of."""
    return () if depth == THUMBNAIL else (depth,)


def features(depth: str, evidence: Evidence) -> NDArray[np.float32]:
    """Return the features of one slice, float32 [D].

    Parameters
    ----------
    depth
        One of `DEPTHS`: ``embedding`` (the pooled last features), ``feature_statistics`` (mean and
        spread of the channels of early layers: texture, not anatomy), ``thumbnail`` (the slice
        itself, 32 by 32 grey levels in [0, 1]).
    evidence
        With the outputs of `needs`.
    """
    if depth == THUMBNAIL:
        side = (THUMBNAIL_SIDE, THUMBNAIL_SIDE)
        small = Image.fromarray(evidence.quantised).resize(side, Image.Resampling.BOX)
        return np.asarray(small, np.float32).ravel() / np.float32(255)
    row: NDArray[np.float32] = evidence.outputs[depth][0]
    return row
