"""Whether the heat map lies on the lesion.

The pointing game (Zhang et al., 2018) asks whether the map's highest point is inside the outline;
its usual tolerance of 15 pixels is given beside the strict answer. The energy asks which share of
all heat lies inside. Both mean something only beside what no look at the lesion would reach (a
random pixel of the head, and the middle of the head), and beside the most that a map of such a grid
can reach: its peak is the centre of a cell, and where cells are larger than lesions few of the
centres lie in one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from brainlens.evaluation.head import Mask
from brainlens.evaluation.ratio import Ratio, ratios
from brainlens.inference.heatmap import HeatMap

TOLERANCE: Final = 15
"""Pixels of the original image that a peak may lie outside the outline in the lenient game."""

FIGURES: Final = (
    "pointing",
    "pointing_15px",
    "energy",
    "random_pixel",
    "random_pixel_15px",
    "head_centre",
    "head_centre_15px",
    "best_of_grid",
    "best_of_grid_15px",
)


@dataclass(frozen=True, slots=True)
class Located:
    """One slice's heat map beside its lesion, at the original resolution.

    Attributes
    ----------
    pointing, pointing_15px
        Whether the peak is in the lesion, and whether it is at most 15 pixels from it; false where
        the map is zero all over, since such a map points nowhere.
    energy
        Share of the map's sum inside the lesion; NaN where the map is zero all over.
    random_pixel, random_pixel_15px
        How often a pixel of the head drawn at random would be a hit: the lesion's share of it.
    head_centre, head_centre_15px
        Whether the middle of the head would be a hit.
    best_of_grid, best_of_grid_15px
        Whether the centre of any cell of the map's grid would be a hit.
    """

    pointing: bool
    pointing_15px: bool
    energy: float
    random_pixel: float
    random_pixel_15px: float
    head_centre: bool
    head_centre_15px: bool
    best_of_grid: bool
    best_of_grid_15px: bool


def locate(heat_map: HeatMap, lesion: Mask, head: Mask) -> Located:
    """Compare a slice's heat map with its lesion.

    Parameters
    ----------
    heat_map
        The map of one class.
    lesion
        bool, shape [height, width] of the original image; not empty.
    head
        Likewise; where it is empty the whole image stands for it.

    Raises
    ------
    ValueError
        If there is no lesion.
    """
    if not lesion.any():
        raise ValueError("there is no lesion to find")
    if not head.any():
        head = np.ones_like(lesion)
    distance = ndimage.distance_transform_edt(~lesion)
    heat = heat_map.resampled().astype(np.float64)
    total = float(heat.sum())
    centre = ndimage.center_of_mass(head)
    middle = float(distance[int(centre[0] + 0.5), int(centre[1] + 0.5)])
    nearest = min(float(distance[y, x]) for x, y in _centres(heat_map))
    peak = heat_map.peak
    away = np.inf if peak is None else float(distance[peak[1], peak[0]])
    return Located(
        pointing=away == 0,
        pointing_15px=away <= TOLERANCE,
        energy=float(heat[lesion].sum()) / total if total > 0 else float("nan"),
        random_pixel=float(lesion[head].mean()),
        random_pixel_15px=float((distance[head] <= TOLERANCE).mean()),
        head_centre=middle == 0,
        head_centre_15px=middle <= TOLERANCE,
        best_of_grid=nearest == 0,
        best_of_grid_15px=nearest <= TOLERANCE,
    )


def _centres(heat_map: HeatMap) -> list[tuple[int, int]]:
    """Return (x, y) of the original's pixels under the centres of the grid's cells.

    Centres over the padding are moved to the nearest pixel that the network was shown, as the peak
    of such a cell is.
    """
    geometry, (rows, columns) = heat_map.geometry, heat_map.grid
    top, left, height, width = geometry.kept
    found = []
    for row in range(rows):
        for column in range(columns):
            x, y = geometry.to_original(
                (column + 0.5) * geometry.size / columns, (row + 0.5) * geometry.size / rows
            )
            found.append(
                (
                    min(max(int(np.floor(x)), left), left + width - 1),
                    min(max(int(np.floor(y)), top), top + height - 1),
                )
            )
    return found


def localisation(located: Sequence[Located], unit: NDArray[np.int64]) -> dict[str, Ratio]:
    """Return the mean of each of `FIGURES` over slices, with 95 % intervals.

    Parameters
    ----------
    located
        n slices.
    unit
        ``int64`` [n], see `ratios`.
    """
    columns = {
        name: np.array([getattr(one, name) for one in located], dtype=np.float64)
        for name in FIGURES
    }
    return ratios({name: (v, ~np.isnan(v)) for name, v in columns.items()}, unit)
