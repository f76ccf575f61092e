"""Where a point of the network's input lies in the original image, and back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from brainlens.imaging.head_box import Box, whole


@dataclass(frozen=True, slots=True)
class Geometry:
    """The cut, the padding and the scaling of one preprocess.

    Coordinates are continuous, x to the right and y down: (0, 0) is the outer corner of the first
    pixel, whose centre is (0.5, 0.5).

    Attributes
    ----------
    height, width
        Rows and columns of the original image.
    size
        Side of the network's input, in pixels.
    cut
        The part of the original that the network is shown, or None for all of it.
    """

    height: int
    width: int
    size: int
    cut: Box | None = None

    @property
    def kept(self) -> Box:
        """The part of the original that the network is shown."""
        return self.cut or whole(self.height, self.width)

    @property
    def side(self) -> int:
        """Side of the padded square, in original pixels."""
        return max(self.kept.height, self.kept.width)

    @property
    def left(self) -> int:
        """Columns between the square's left side and the original's: negative where it is cut."""
        return (self.side - self.kept.width) // 2 - self.kept.left

    @property
    def top(self) -> int:
        """Rows between the square's upper side and the original's: negative where it is cut."""
        return (self.side - self.kept.height) // 2 - self.kept.top

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
        """Interpolate a map over the padded input onto the original image; 0 where it was cut.

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
        kept = self.kept
        left, top = kept.left + self.left, kept.top + self.top
        box = (
            left / self.side * columns,
            top / self.side * rows,
            (left + kept.width) / self.side * columns,
            (top + kept.height) / self.side * rows,
        )
        # The pixels wanted that the kept part covers, to the nearest.
        across = [round(x * width / self.width) for x in (kept.left, kept.left + kept.width)]
        down = [round(y * height / self.height) for y in (kept.top, kept.top + kept.height)]
        mapped = np.zeros((height, width), np.float32)
        if across[0] < across[1] and down[0] < down[1]:
            image = Image.fromarray(np.ascontiguousarray(grid, dtype=np.float32))
            wanted = (across[1] - across[0], down[1] - down[0])
            resized = image.resize(wanted, Image.Resampling.BILINEAR, box=box)
            mapped[down[0] : down[1], across[0] : across[1]] = np.asarray(resized)
        return mapped

    def peak(self, grid: NDArray[np.floating]) -> tuple[int, int, float]:
        """Return (x, y, value) of the original pixel where a map, interpolated, is largest.

        What lies over the padding or was cut does not count. Where the map is flat up to the
        border, the pixel by the cell's centre.

        Parameters
        ----------
        grid
            Finite values, shape [h, w], that cover the padded square evenly.
        """
        # Among the pixels between the centres of four cells one at a corner is largest, so only
        # pixels beside centres are looked at, and where the border cuts a cell, the border.
        rows, columns = grid.shape
        kept = self.kept
        xs = _beside_centres(columns, self.side, kept.left + self.left, kept.width)
        ys = _beside_centres(rows, self.side, kept.top + self.top, kept.height)
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
