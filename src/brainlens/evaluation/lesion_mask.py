"""The outline of a lesion, as somebody drew it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainlens.errors import ImageError
from brainlens.evaluation.slice_file import read_slice
from brainlens.imaging import Slice
from brainlens.imaging.lesion_mask import lesion_pixels


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
    try:
        return lesion_pixels(read_slice(path), slice_)
    except ImageError as error:
        raise type(error)(f"{path}: {error.message}", hint=error.hint) from error
