"""The outline of a lesion, as somebody drew it, in the pixels of its slice and of the network."""

import numpy as np
from numpy.typing import NDArray

from brainlens.errors import ImageError
from brainlens.imaging.head_box import Box
from brainlens.imaging.preprocess import resize_padded
from brainlens.imaging.slice import Slice

Mask = NDArray[np.bool_]


def lesion_pixels(mask: Slice, slice_: Slice) -> Mask:
    """Return which pixels of a slice are lesion: those above half of the mask's largest value.

    Parameters
    ----------
    mask
        A grey image of the slice's size, 0 outside the lesion.
    slice_
        The slice that it belongs to.

    Returns
    -------
    ndarray of bool, shape [height, width]
        All false where the mask is empty.

    Raises
    ------
    ImageError
        If the mask has another size than the slice.
    """
    if mask.pixels.shape != slice_.pixels.shape:
        raise ImageError(
            f"The mask has {mask.width} x {mask.height} pixels, its slice "
            f"{slice_.width} x {slice_.height}.",
            hint="Give a mask of the slice's own size.",
        )
    return np.asarray(mask.pixels > mask.pixels.max() / 2, dtype=np.bool_)


def to_input(lesion: Mask, kept: Box, size: int) -> Mask:
    """Put a lesion where `preprocess` puts the slice: the same cut, padding and filter.

    Parameters
    ----------
    lesion
        Shape [height, width].
    kept
        The part of the slice that is shown to the network.
    size
        Side of the network's input.

    Returns
    -------
    ndarray of bool, shape [size, size]
        Pixels at least half of which, as the filter weighs them, are lesion.
    """
    return np.asarray(resize_padded(lesion.astype(np.float32), kept, size) >= 0.5, dtype=np.bool_)
