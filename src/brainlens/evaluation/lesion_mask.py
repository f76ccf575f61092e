"""The outline of a lesion, as somebody drew it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainlens.errors import ImageError
from brainlens.evaluation.slice_file import read_slice
from brainlens.imaging import Slice


def read_lesion_mask(path: Path, slice_: Slice) -> NDArray[np.bool_]:
    """Return which pixels of a slice are lesion: those above half of the mask's largest value.

    Parameters
    ----------
    path
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
        If the mask cannot be read or has another size than the slice.
    StorageError
        If the file system refuses to read.
    """
    pixels = read_slice(path).pixels
    if pixels.shape != slice_.pixels.shape:
        raise ImageError(
            f"The mask {path} has {pixels.shape[1]} x {pixels.shape[0]} pixels, its slice "
            f"{slice_.width} x {slice_.height}.",
            hint="Give a mask of the slice's own size.",
        )
    return np.asarray(pixels > pixels.max() / 2, dtype=np.bool_)
