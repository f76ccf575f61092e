"""Where the head and the brain lie in a slice, estimated from its grey values alone.

Good enough to say where something may be painted and what a stripped skull would leave; not a
segmentation to measure volumes with. The brain is found by the old idea of brain extraction by
morphology (Atkins and Mackiewich, 1998): a few pixels of erosion part it from the scalp, since the
skull between them is dark.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from brainlens.imaging.slice import Pixels

Mask = NDArray[np.bool_]

_SIDE: Final = 256
"""Longest side at which head and brain are sought; finer would only cost time."""
_BRIGHT: Final = 99.0
"""Percentile that stands for bright tissue."""
_AIR: Final = 0.1
"""Share of the bright tissue's grey value above which a pixel is tissue, not air."""
_TISSUE: Final = (0.5, 1.6)
"""Brain lies between these multiples of the head's middle grey value: bone is darker, fat brighter.
A lesion or a ventricle outside them is a hole in the brain, and filled."""
_PARTED: Final = 0.035
"""Radius of the erosion that parts brain from scalp and face, as a share of the head's diameter."""
_CLOSED: Final = 0.1
"""Radius of the closing that takes in what lies at the brain's edge, as such a share."""
_RIM: Final = 0.08
"""Scalp and skull together, as a share of the head's diameter: taken where nothing better is."""
_PLAUSIBLE: Final = (0.25, 0.9)
"""Share of the head that a brain may fill; an estimate outside is given up."""


def head_mask(pixels: Pixels) -> Mask:
    """Return which pixels are head.

    Pixels above a tenth of the bright tissue's grey value, smoothed a little, with what
    they enclose; of these the largest connected piece.

    Parameters
    ----------
    pixels
        Grey values, shape [height, width], larger is brighter.

    Returns
    -------
    ndarray of bool, shape [height, width]
        All false where the slice is of one grey value.
    """
    return _enlarged(_head(_small(pixels)), pixels)


def brain_mask(pixels: Pixels) -> Mask:
    """Return which pixels are brain, roughly.

    Of the head what is neither as dark as bone nor as bright as fat, eroded until brain and scalp
    part; the piece that holds the thickest place, dilated again, closed and filled. Where that is
    no plausible brain (less than 25 % or more than 90 % of the head) the head without a rim of 8 %
    of its diameter stands in.

    Parameters
    ----------
    pixels
        Grey values, shape [height, width], larger is brighter.

    Returns
    -------
    ndarray of bool, shape [height, width]
        Always inside `head_mask`.
    """
    values = _small(pixels)
    return _enlarged(_brain(values, _head(values)), pixels)


def _head(values: NDArray[np.float32]) -> Mask:
    low, high = float(values.min()), float(np.percentile(values, _BRIGHT))
    tissue = np.asarray(values > low + _AIR * (high - low), dtype=np.bool_)
    # Filled first: a scalp that bone parts from the brain is a ring, and smaller than the brain.
    return _piece(_filled(tissue)) if high > low else np.zeros_like(tissue)


def _brain(values: NDArray[np.float32], head: Mask) -> Mask:
    area = int(head.sum())
    if not area:
        return head
    diameter = 2 * float(np.sqrt(area / np.pi))
    low = float(values.min())
    middle = float(np.median(values[head])) - low
    darkest, brightest = _TISSUE
    inner = within(head, _RIM / 2 * diameter)
    tissue = inner & (values > low + darkest * middle) & (values < low + brightest * middle)
    depth = _depth(tissue)
    core = _piece(depth > _PARTED * diameter, depth)
    brain = _filled(_closed(beyond(core, _PARTED * diameter), _CLOSED * diameter)) & inner
    smallest, largest = _PLAUSIBLE
    if smallest * area <= int(brain.sum()) <= largest * area:
        return brain
    return within(head, _RIM * diameter)


def within(mask: Mask, distance: float) -> Mask:
    """Return the pixels of a mask more than ``distance`` pixels from all outside it.

    The image's border counts as outside.
    """
    return np.asarray(_depth(mask) > distance, dtype=np.bool_)


def beyond(mask: Mask, distance: float) -> Mask:
    """Return the pixels at most ``distance`` pixels from a mask, itself included."""
    if not mask.any():
        return mask
    return np.asarray(ndimage.distance_transform_edt(~mask) <= distance, dtype=np.bool_)


def _depth(mask: Mask) -> NDArray[np.float64]:
    """Return the distance of each pixel to the nearest outside the mask or the image."""
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    return np.asarray(depth, dtype=np.float64)


def _closed(mask: Mask, distance: float) -> Mask:
    """Dilate and erode again; the image's border is no obstacle."""
    margin = int(distance) + 2
    grown = beyond(np.pad(mask, margin), distance)
    return within(grown, distance)[margin:-margin, margin:-margin]


def _piece(mask: Mask, depth: NDArray[np.float64] | None = None) -> Mask:
    """Return the largest connected piece, or the one with the greatest depth."""
    labels, pieces = ndimage.label(mask)
    if not pieces:
        return mask
    if depth is None:
        chosen = int(np.bincount(labels.ravel())[1:].argmax()) + 1
    else:
        chosen = int(labels.ravel()[depth.argmax()])
    return np.asarray(labels == chosen, dtype=np.bool_)


def _filled(mask: Mask) -> Mask:
    return np.asarray(ndimage.binary_fill_holes(mask), dtype=np.bool_)


def _small(pixels: Pixels) -> NDArray[np.float32]:
    """Return the slice, reduced to `_SIDE` where it is larger and smoothed a little."""
    values = np.asarray(pixels, dtype=np.float32)
    if max(values.shape) > _SIDE:
        scale = _SIDE / max(values.shape)
        height, width = (max(1, round(side * scale)) for side in values.shape)
        values = np.asarray(
            Image.fromarray(values).resize((width, height), Image.Resampling.BOX), dtype=np.float32
        )
    return np.asarray(ndimage.gaussian_filter(values, 1.0), dtype=np.float32)


def _enlarged(mask: Mask, pixels: Pixels) -> Mask:
    height, width = pixels.shape
    if mask.shape == (height, width):
        return mask
    large = Image.fromarray(mask).resize((width, height), Image.Resampling.NEAREST)
    return np.asarray(large, dtype=np.bool_)
