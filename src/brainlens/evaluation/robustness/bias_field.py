"""Bias field: a coil that receives more from one side than from another.

The field is the exponential of a polynomial of third order in the two coordinates, as in Van
Leemput et al. (1999), with coefficients drawn at random.
"""

from typing import Final

import numpy as np

from brainlens.evaluation.robustness.grey import Grey, grey_values, with_grey_values
from brainlens.evaluation.robustness.perturbation import Perturbation
from brainlens.imaging import Slice

_ORDER: Final = 3


def _shaded(slice_: Slice, grade: float, rng: np.random.Generator) -> Slice:
    field = _polynomial(slice_.height, slice_.width, rng)
    # 0 where reception is best, -1 where it is worst: nothing is clipped, as a scanner's export
    # fits its range to what it received.
    spread = float(field.max() - field.min()) or 1.0
    exponent = (field - field.max()) / np.float32(spread)
    shading = np.exp(exponent * np.float32(np.log(grade)))
    return with_grey_values(slice_, grey_values(slice_) * shading)


def _polynomial(height: int, width: int, rng: np.random.Generator) -> Grey:
    """Return a random combination of Legendre polynomials over [-1, 1] by [-1, 1]."""
    coefficients = rng.standard_normal((_ORDER + 1, _ORDER + 1))
    degrees = np.add.outer(np.arange(_ORDER + 1), np.arange(_ORDER + 1))
    coefficients[(degrees > _ORDER) | (degrees == 0)] = 0
    rows, columns = np.linspace(-1, 1, height), np.linspace(-1, 1, width)
    grid = np.polynomial.legendre.leggrid2d(rows, columns, coefficients)
    return np.asarray(grid, dtype=np.float32)


BIAS_FIELD = Perturbation("bias field", "best by worst reception", (1.5, 2.0, 3.0, 5.0), _shaded)
