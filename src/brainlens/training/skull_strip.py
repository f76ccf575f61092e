"""Skull stripping of training images: all but a rough brain made dark, and what is left enlarged.

The brain is found as the robustness test finds it, by morphology (Atkins and Mackiewich, 1998), but
by other code, on tensors at half the input's size and with square neighbourhoods. What remains then
fills the input, as a preprocess that cuts to the head shows a stripped slice.
"""

from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
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
    device = images.device
    middle = torch.zeros(len(images), 2, device=device)
    extent = torch.ones(len(images), device=device)
    rows = np.flatnonzero(uniforms[:, 0] < chance)
    stripped = images.clone() if len(rows) else images
    for row in rows:
        left = stripped[row, 0] * _kept(images[row, 0], float(uniforms[row, 1]))
        stripped[row, 0] = _brightened(left)
        box = _box(left > _AIR)
        if box is not None:
            middle[row], extent[row] = torch.tensor(box[:2], device=device), box[2]
    return stripped, Zoom(middle, extent)


def _kept(image: Tensor, drawn: float) -> Tensor:
    """Return which pixels are left of a slice, bool [S, S]."""
    grey = functional.avg_pool2d(image[None], 2, ceil_mode=True, count_include_pad=False)
    grey = functional.avg_pool2d(grey, 3, stride=1, padding=1)[0]
    brain = _brain(grey)
    margin = round(drawn * _WIDEST * _diameter(brain))
    large = _dilated(brain, margin).repeat_interleave(2, 0).repeat_interleave(2, 1)
    return large[: image.shape[0], : image.shape[1]]


def _brightened(left: Tensor) -> Tensor:
    """Return a slice whose bright end is white again, as a preprocess by percentiles makes it."""
    tissue = left[left > _AIR]
    if not len(tissue):
        return left
    return (left / torch.quantile(tissue, _WHITE)).clamp(max=1)


def _brain(grey: Tensor) -> Tensor:
    head = _filled(grey > _AIR)
    area = int(head.sum())
    if not area:
        return head
    diameter = _diameter(head)
    darkest, brightest = (share * grey[head].median() for share in _TISSUE)
    inner = _eroded(head, round(_SCALP * diameter))
    core = _eroded(inner & (grey > darkest) & (grey < brightest), max(1, round(_PARTED * diameter)))
    piece = _dilated(_deepest(core), max(1, round(_PARTED * diameter)))
    wide = round(_CLOSED * diameter)
    brain = _filled(_eroded(_dilated(piece, wide), wide)) & inner
    smallest, largest = _PLAUSIBLE
    if smallest * area <= int(brain.sum()) <= largest * area:
        return brain
    return _eroded(head, round(_RIM * diameter))


def _deepest(core: Tensor) -> Tensor:
    """Return the connected piece that holds the place farthest from all edges."""
    last = core
    while (smaller := _eroded(last, 1)).any():
        last = smaller
    piece = torch.zeros_like(core)
    piece.view(-1)[int(last.flatten().to(torch.uint8).argmax())] = bool(last.any())
    while True:
        # Several steps at a time: a piece is found whole long before this is asked a tenth time.
        grown = piece
        for _ in range(8):
            grown = _dilated(grown, 1) & core
        if torch.equal(grown, piece):
            return piece
        piece = grown


def _box(tissue: Tensor) -> tuple[float, float, float] | None:
    """Return middle x, y and half the side of the square around what is left, in [-1, 1]."""
    size = tissue.shape[-1]
    spans = []
    for counts in (tissue.sum(dim=0), tissue.sum(dim=1)):
        (full,) = torch.nonzero(counts >= (_CHORD * counts.max()).clamp(min=1), as_tuple=True)
        if not len(full):
            return None
        spans.append((2 * int(full[0]) / size - 1, 2 * (int(full[-1]) + 1) / size - 1))
    (left, right), (top, bottom) = spans
    return (left + right) / 2, (top + bottom) / 2, max(right - left, bottom - top) / 2


def _diameter(mask: Tensor) -> float:
    """Return that of a disc of the same area."""
    return 2 * float(np.sqrt(int(mask.sum()) / np.pi))


def _dilated(mask: Tensor, reach: int) -> Tensor:
    """Return what is at most so many pixels away; one direction at a time is far quicker."""
    spread = mask[None].float()
    for window, padding in (((2 * reach + 1, 1), (reach, 0)), ((1, 2 * reach + 1), (0, reach))):
        spread = functional.max_pool2d(spread, window, stride=1, padding=padding)
    return spread[0] > 0


def _eroded(mask: Tensor, reach: int) -> Tensor:
    """Return what is more than so many pixels from all outside; beyond the image nothing is."""
    return ~_dilated(~mask, reach)


def _filled(mask: Tensor) -> Tensor:
    """Return what lies between the first and the last true along both axes."""
    return _between(mask, 0) & _between(mask, 1)


def _between(mask: Tensor, dim: int) -> Tensor:
    flags = mask.to(torch.uint8)
    before = flags.cummax(dim).values
    after = flags.flip(dim).cummax(dim).values.flip(dim)
    return (before & after).bool()
