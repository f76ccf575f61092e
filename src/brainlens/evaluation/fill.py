"""Painting over a part of a slice so that what was there is gone."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import spsolve

from brainlens.evaluation.head import Mask
from brainlens.imaging.slice import Pixels

Array = NDArray[np.float64]


def smooth_fill(pixels: Pixels, region: Mask) -> Pixels:
    """Return the slice with a region filled smoothly from its edge, so that no outline stays.

    Inside the region each pixel becomes the mean of its neighbours (Laplace's equation, with the
    pixels around the region as its boundary values); at the border of the image, of those
    neighbours that there are.

    Parameters
    ----------
    pixels
        Grey values, shape [height, width].
    region
        bool, shape [height, width]; the rest of the image is unchanged.

    Returns
    -------
    ndarray of the same type and shape
        No filled value lies outside the range of the values around the region.

    Raises
    ------
    ValueError
        If the region is the whole image: there is nothing to fill it from.
    """
    if region.all():
        raise ValueError("the region is the whole image")
    filled = pixels.copy()
    if region.any():
        filled[region] = _as(pixels.dtype, _solved(np.asarray(pixels, dtype=np.float64), region))
    return filled


def shuffle_fill(pixels: Pixels, region: Mask, rng: np.random.Generator) -> Pixels:
    """Return the slice with the pixels of a region in random order.

    Nothing is left to be seen there, and yet the slice keeps every one of its grey values: what
    scales its intensities finds the same percentiles as before.

    Parameters
    ----------
    pixels
        Grey values, shape [height, width].
    region
        bool, shape [height, width]; the rest of the image is unchanged.
    rng
        Where the order comes from.
    """
    filled = pixels.copy()
    filled[region] = rng.permutation(pixels[region])
    return filled


def _solved(values: Array, region: Mask) -> Array:
    """Return the solution of Laplace's equation at the region's pixels, in their order."""
    rows, columns = np.nonzero(region)
    unknowns = len(rows)
    number = np.full(region.shape, -1, dtype=np.int64)
    number[rows, columns] = np.arange(unknowns)
    neighbours = np.zeros(unknowns)
    known = np.zeros(unknowns)
    ones, twos = [], []
    for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        row, column = rows + down, columns + right
        inside = (row >= 0) & (row < region.shape[0]) & (column >= 0) & (column < region.shape[1])
        at = np.nonzero(inside)[0]
        row, column = row[inside], column[inside]
        neighbours[at] += 1
        other = number[row, column]
        known[at[other < 0]] += values[row[other < 0], column[other < 0]]
        ones.append(at[other >= 0])
        twos.append(other[other >= 0])
    links = np.concatenate(ones), np.concatenate(twos)
    matrix = sparse.diags(neighbours) - sparse.coo_matrix(
        (np.ones(len(links[0])), links), shape=(unknowns, unknowns)
    )
    return np.asarray(spsolve(matrix.tocsc(), known), dtype=np.float64).reshape(unknowns)


def _as(dtype: np.dtype[np.generic], values: Array) -> Array:
    return values if dtype.kind == "f" else np.rint(values)
