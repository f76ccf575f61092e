"""A region of a lesion's own shape elsewhere in the head.

What happens to a model's answer when a lesion is painted over may be due to the paint. A control
region of the same shape, painted in the same way where nothing is wrong, tells the two apart.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from brainlens.evaluation.head import Mask


def control_region(lesion: Mask, head: Mask, rng: np.random.Generator) -> Mask | None:
    """Return a lesion's shape laid elsewhere in the head.

    The shape is tried as it is, then mirrored left to right, top to bottom and both; of the places
    where it lies in the head whole, without a pixel of the lesion, one is drawn at random.

    Parameters
    ----------
    lesion, head
        bool, shape [height, width].
    rng
        Where the place comes from.

    Returns
    -------
    ndarray of bool, shape [height, width], or None
        None where the lesion is empty or its shape fits nowhere.
    """
    if not lesion.any():
        return None
    rows, columns = (np.nonzero(lesion.any(axis=axis))[0] for axis in (1, 0))
    shape = lesion[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    forbidden = lesion | ~head
    for variant in (shape, shape[:, ::-1], shape[::-1], shape[::-1, ::-1]):
        places = np.argwhere(_free(forbidden, variant))
        if len(places):
            top, left = places[rng.integers(len(places))]
            region = np.zeros_like(lesion)
            region[top : top + shape.shape[0], left : left + shape.shape[1]] = variant
            return region
    return None


def _free(forbidden: Mask, shape: Mask) -> NDArray[np.bool_]:
    """Return at which (top, left) the shape meets nothing forbidden."""
    # A correlation: how many forbidden pixels the shape would cover at each place.
    met = fftconvolve(
        forbidden.astype(np.float32), shape[::-1, ::-1].astype(np.float32), mode="valid"
    )
    return np.asarray(met < 0.5, dtype=np.bool_)
