"""Where a point of the network's input lies in the original image, and back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image


@dataclass(frozen=True, slots=True)
class Geometry:
    """The padding and scaling of one preprocess.

    Coordinates are continuous, x to the right and y down: (0, 0) is the outer corner of the first
    pixel, whose centre is (0.5, 0.5).

    Attributes
    ----------
    height, width
        Rows and columns of the original image.
    size
        Side of the network's input, in pixels.
    """

    height: int
    width: int
    size: int

    @property
    def side(self) -> int:
        """Side of the padded square, in original pixels."""
        return max(self.height, self.width)

    @property
    def left(self) -> int:
        """Columns padded on the left."""
        return (self.side - self.width) // 2

    @property
    def top(self) -> int:
        """Rows padded above."""
        return (self.side - self.height) // 2

    @property
    def scale(self) -> float:
        """Input pixels in an original pixel."""
        return self.size / self.side

    def to_input(self, x: float, y: float) -> tuple[float, float]:
        """Map a point of the original image to the network's input."""
        return (x + self.left) * self.scale, (y + self.top) * self.scale

    def to_original(self, x: float, y: float) -> tuple[float, float]:
        """Map a point of the network's input to the original; padding lies outside the image."""
        return x / self.scale - self.left, y / self.scale - self.top

    def map_to_original(
        self, grid: NDArray[np.floating], shape: tuple[int, int] | None = None
    ) -> NDArray[np.float32]:
        """Interpolate a map over the padded input onto the original image.

        Parameters
        ----------
        grid
            Finite values, shape [h, w], that cover the padded square evenly.
        shape
            Rows and columns wanted over the extent of the original; by default its own.

        Returns
        -------
        ndarray of float32, shape ``shape``
            Bilinear; what lay over the padding is left out.
        """
        rows, columns = grid.shape
        height, width = (self.height, self.width) if shape is None else shape
        box = (
            self.left / self.side * columns,
            self.top / self.side * rows,
            (self.left + self.width) / self.side * columns,
            (self.top + self.height) / self.side * rows,
        )
        image = Image.fromarray(np.ascontiguousarray(grid, dtype=np.float32))
        resized = image.resize((width, height), Image.Resampling.BILINEAR, box=box)
        return np.asarray(resized, dtype=np.float32)

    def peak(self, grid: NDArray[np.floating]) -> tuple[int, int, float]:
        """Return (x, y, value) of the original pixel where a map, interpolated, is largest.

        What lies over the padding does not count. Where the map is flat up to the border, the pixel
        by the cell's centre.

        Parameters
        ----------
        grid
            Finite values, shape [h, w], that cover the padded square evenly.
        """
        # Among the pixels between the centres of four cells one at a corner is largest, so only
        # pixels beside centres are looked at, and where the border cuts a cell, the border.
        rows, columns = grid.shape
        xs = _beside_centres(columns, self.side, self.left, self.width)
        ys = _beside_centres(rows, self.side, self.top, self.height)
        across = _weights(xs, columns, self.side)
        down = _weights(ys, rows, self.side)
        values = down @ grid.astype(np.float64) @ across.T
        row, column = np.unravel_index(int(np.argmax(values)), values.shape)
        x, y = int(xs[column] - self.left), int(ys[row] - self.top)
        return x, y, float(values[row, column])


def _beside_centres(cells: int, side: int, start: int, length: int) -> NDArray[np.float64]:
    """Return the pixel centres on both sides of each cell's centre, moved into the image."""
    before = np.floor((np.arange(cells) + 0.5) * side / cells - 0.5) + 0.5
    beside: NDArray[np.float64] = np.unique(np.concatenate([before, before + 1]))
    return np.clip(beside, start + 0.5, start + length - 0.5)


def _weights(positions: NDArray[np.float64], cells: int, side: int) -> NDArray[np.float64]:
    """Return the matrix [positions, cells] of linear interpolation, flat beyond the last centre."""
    at = np.clip(positions * cells / side - 0.5, 0, cells - 1)
    distances: NDArray[np.float64] = np.abs(at[:, np.newaxis] - np.arange(cells))
    return np.clip(1 - distances, 0, 1)
