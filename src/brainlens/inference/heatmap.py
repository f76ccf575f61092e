"""Heat maps: where the network looked, laid back over the original image."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainlens.imaging import Geometry


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """Where the network looked for one class. No segmentation: the grid is coarse.

    Attributes
    ----------
    class_id
        The class.
    values
        float32, shape [h, w], the network's own grid over the padded square: per cell what it
        adds to the logit of the class where that is positive, else 0 (HiResCAM, Draelos and
        Carin 2020).
    scale
        Largest value among the maps of all classes of the same slice, so that maps drawn with it
        can be compared; 0 where all are zero.
    geometry
        The way between the padded square and the original image.
    """

    class_id: str
    values: NDArray[np.float32]
    scale: float
    geometry: Geometry

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the grid: how finely the network can tell places apart."""
        return int(self.values.shape[0]), int(self.values.shape[1])

    @property
    def peak(self) -> tuple[int, int] | None:
        """(x, y) of the original's pixel where the map is largest; None where it is zero all over.

        Of the map as `resampled` draws it: what lies over the padding does not count.
        """
        x, y, value = self.geometry.peak(self.values)
        return (x, y) if value > 0 else None

    def resampled(self, width: int | None = None, height: int | None = None) -> NDArray[np.float32]:
        """Return the map over the original image, padding left out.

        Parameters
        ----------
        width, height
            Columns and rows wanted; by default those of the original, so that pixel (y, x) of the
            map is about pixel (y, x) of the image.

        Returns
        -------
        ndarray of float32, shape [height, width]
            In [0, 1]: bilinear between the centres of the grid's cells, divided by ``scale``.
        """
        shape = (height or self.geometry.height, width or self.geometry.width)
        mapped = self.geometry.map_to_original(self.values, shape)
        if self.scale > 0:
            mapped = mapped / np.float32(self.scale)
        # Interpolation rounds: a flat map may come out a little above its own largest value.
        return np.clip(mapped, 0, 1)


def heat_maps(
    values: NDArray[np.float32], class_ids: tuple[str, ...], geometry: Geometry
) -> tuple[HeatMap, ...]:
    """Return the maps of one slice, one a class, on one scale.

    Parameters
    ----------
    values
        The graph's ``heatmaps`` of one slice, shape [C, h, w], all ≥ 0.
    class_ids
        The C classes, in the graph's order.
    geometry
        The slice's.
    """
    scale = float(values.max())
    return tuple(
        HeatMap(class_id, grid, scale, geometry)
        for class_id, grid in zip(class_ids, values, strict=True)
    )
