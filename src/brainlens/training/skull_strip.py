"""Skull stripping of training images: all but a rough brain made dark, and what is left enlarged.

The brain is found as the robustness test finds it, by morphology (Atkins and Mackiewich, 1998), but
by other code, at half the input's size and with square neighbourhoods, which is far quicker. What
remains then fills the input, as a preprocess that cuts to the head shows a stripped slice.
"""

from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

_AIR: Final = 0.1
"""Grey value up to which a pixel is air."""
_TISSUE: Final = (0.5, 1.6)
"""Brain lies between these multiples of the head's middle grey value."""
# Lengths, as shares of the head's diameter.
_SCALP: Final = 0.04
_PARTED: Final = 0.03
_CLOSED: Final = 0.1
_RIM: Final = 0.08
_PLAUSIBLE: Final = (0.25, 0.9)
"""Share of the head that a brain may fill; else the head without a rim stands in."""
_WIDEST: Final = 0.1
"""Largest margin left around the brain, as a share of its diameter."""
_WHITE: Final = 0.995
"""Share of the tissue that is darker than what becomes white."""
_CHORD: Final = 0.1
"""As for `brainlens.imaging.head_box`."""

Mask = NDArray[np.bool_]


class Zoom(NamedTuple):
    """The square that fills the input, in the input's own square, which runs from -1 to 1.

    Attributes
    ----------
    middle
        float [B, 2], x and y.
    extent
        float [B], half its side; 1 with its middle at 0 where nothing is enlarged.
    """

    middle: Tensor
    extent: Tensor


def strip(images: Tensor, uniforms: NDArray[np.float32], chance: float) -> tuple[Tensor, Zoom]:
    """Strip some slices of a batch.

    Parameters
    ----------
    images
        float [B, 1, S, S], grey values in [0, 1].
    uniforms
        float32 [B, 2] in [0, 1): which slices, and how wide a margin is left.
    chance
        Of each slice.

    Returns
    -------
    tuple
        The batch, of which stripped slices are as bright again as all are, and what `augment` and
        `augment_masks` have to enlarge.
    """
    middle, extent = torch.zeros(len(images), 2), torch.ones(len(images))
    rows = np.flatnonzero(uniforms[:, 0] < chance)
    stripped = images.clone() if len(rows) else images
    # On the CPU: every step asks how the one before turned out, and a GPU would be waited for.
    for row, image in zip(rows, images[torch.from_numpy(rows), 0].cpu(), strict=True):
        left = image * torch.from_numpy(_kept(image, float(uniforms[row, 1])))
        stripped[row, 0] = _brightened(left).to(images.device)
        box = _box((left > _AIR).numpy())
        if box is not None:
            middle[row], extent[row] = torch.tensor(box[:2]), box[2]
    return stripped, Zoom(middle.to(images.device), extent.to(images.device))


def _kept(image: Tensor, drawn: float) -> Mask:
    """Return which pixels are left of a slice, [S, S]."""
    grey = functional.avg_pool2d(image[None], 2, ceil_mode=True, count_include_pad=False)
    grey = functional.avg_pool2d(grey, 3, stride=1, padding=1)[0]
    brain = _brain(grey.numpy())
    margin = round(drawn * _WIDEST * _diameter(brain))
    large = _dilated(brain, margin).repeat(2, axis=0).repeat(2, axis=1)
    return large[: image.shape[0], : image.shape[1]]


def _brightened(left: Tensor) -> Tensor:
    """Return a slice whose bright end is white again, as a preprocess by percentiles makes it."""
    tissue = left[left > _AIR]
    if not len(tissue):
        return left
    return (left / torch.quantile(tissue, _WHITE)).clamp(max=1)


def _brain(grey: NDArray[np.float32]) -> Mask:
    head = _filled(grey > _AIR)
    area = int(head.sum())
    if not area:
        return head
    diameter = _diameter(head)
    darkest, brightest = (share * _middle(grey[head]) for share in _TISSUE)
    inner = _eroded(head, round(_SCALP * diameter))
    core = _eroded(inner & (grey > darkest) & (grey < brightest), max(1, round(_PARTED * diameter)))
    piece = _dilated(_deepest(core), max(1, round(_PARTED * diameter)))
    wide = round(_CLOSED * diameter)
    brain = _filled(_eroded(_dilated(piece, wide), wide)) & inner
    smallest, largest = _PLAUSIBLE
    if smallest * area <= int(brain.sum()) <= largest * area:
        return brain
    return _eroded(head, round(_RIM * diameter))


def _middle(values: NDArray[np.float32]) -> np.float32:
    """Return the median, of an even number of values the lower of the two."""
    place = (len(values) - 1) // 2
    middle: np.float32 = np.partition(values, place)[place]
    return middle


def _deepest(core: Mask) -> Mask:
    """Return the connected piece that holds the place farthest from all edges."""
    pieces, _ = ndimage.label(core, np.ones((3, 3)))
    depth = ndimage.distance_transform_cdt(core, "chessboard")
    deepest: Mask = core & (pieces == pieces.flat[depth.argmax()])
    return deepest


def _box(tissue: Mask) -> tuple[float, float, float] | None:
    """Return middle x, y and half the side of the square around what is left, in [-1, 1]."""
    size = tissue.shape[-1]
    spans = []
    for counts in (tissue.sum(axis=0), tissue.sum(axis=1)):
        full = np.flatnonzero(counts >= max(1.0, _CHORD * counts.max()))
        if not len(full):
            return None
        spans.append((2 * int(full[0]) / size - 1, 2 * (int(full[-1]) + 1) / size - 1))
    (left, right), (top, bottom) = spans
    return (left + right) / 2, (top + bottom) / 2, max(right - left, bottom - top) / 2


def _diameter(mask: Mask) -> float:
    """Return that of a disc of the same area."""
    return 2 * float(np.sqrt(int(mask.sum()) / np.pi))


def _dilated(mask: Mask, reach: int) -> Mask:
    """Return what is at most so many pixels away; one direction at a time is far quicker."""
    spread = mask.astype(np.uint8)
    for axis in (0, 1):
        spread = ndimage.maximum_filter1d(spread, 2 * reach + 1, axis, mode="constant")
    return spread > 0


def _eroded(mask: Mask, reach: int) -> Mask:
    """Return what is more than so many pixels from all outside; beyond the image nothing is."""
    return ~_dilated(~mask, reach)


def _filled(mask: Mask) -> Mask:
    """Return what lies between the first and the last true along both axes."""
    return _between(mask, 0) & _between(mask, 1)


def _between(mask: Mask, axis: int) -> Mask:
    before = np.logical_or.accumulate(mask, axis)
    after = np.flip(np.logical_or.accumulate(np.flip(mask, axis), axis), axis)
    between: Mask = before & after
    return between
