"""The part of a slice that holds the head, so that borders and frames do not matter."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_TISSUE: Final = 0.1
"""Share of white above which a pixel may be head."""
_CHORD: Final = 0.1
"""A row or column belongs to the head where it has this share of the fullest one's tissue. A chord
that short lies within a hundredth of an ellipse's end, and most captions have less."""
_SMALLEST: Final = 0.1
"""Of the image's longer side. What is smaller is a speck, and no head."""


class Box(NamedTuple):
    """A rectangle of whole pixels.

    Attributes
    ----------
    top, left
        Its first row and column.
    height, width
        Rows and columns.
    """

    top: int
    left: int
    height: int
    width: int


def whole(height: int, width: int) -> Box:
    """Return the box that leaves nothing out."""
    return Box(0, 0, height, width)


def head_box(scaled: NDArray[np.float32]) -> Box:
    """Return the part of a slice that holds the head.

    From the first to the last row, and column, that has at least a tenth as much tissue (above
    a tenth of white) as the fullest one. No margin is kept: at the image's edge there is none, and
    a border added around the image would then change the outcome. Where the border is as bright as
    tissue, or nothing is of a head's size, it is the whole slice.

    Parameters
    ----------
    scaled
        Grey values in [0, 1], shape [height, width].
    """
    tissue = scaled > _TISSUE
    height, width = tissue.shape
    rows, columns = _extent(tissue.sum(axis=1)), _extent(tissue.sum(axis=0))
    if max(rows[1] - rows[0], columns[1] - columns[0]) < _SMALLEST * max(height, width):
        return whole(height, width)
    return Box(rows[0], columns[0], rows[1] - rows[0], columns[1] - columns[0])


def _extent(counts: NDArray[np.integer]) -> tuple[int, int]:
    """Return the first line of the head and the one after its last."""
    (full,) = np.nonzero(counts >= max(_CHORD * counts.max(), 1))
    return (int(full[0]), int(full[-1]) + 1) if len(full) else (0, 0)
