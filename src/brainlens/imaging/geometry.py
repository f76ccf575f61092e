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

    def map_to_original(self, grid: NDArray[np.floating]) -> NDArray[np.float32]:
        """Interpolate a map over the padded input onto the original image.

        Parameters
        ----------
        grid
            Finite values, shape [h, w], that cover the padded square evenly.

        Returns
        -------
        ndarray of float32, shape [height, width]
            Bilinear; what lay over the padding is left out.
        """
        rows, columns = grid.shape
        box = (
            self.left / self.side * columns,
            self.top / self.side * rows,
            (self.left + self.width) / self.side * columns,
            (self.top + self.height) / self.side * rows,
        )
        image = Image.fromarray(np.ascontiguousarray(grid, dtype=np.float32))
        resized = image.resize((self.width, self.height), Image.Resampling.BILINEAR, box=box)
        return np.asarray(resized, dtype=np.float32)

    def peak(self, grid: NDArray[np.floating]) -> tuple[int, int]:
        """Return (x, y) of the original pixel under the centre of a map's largest cell.

        The nearest pixel of the image where that centre lies over the padding.
        """
        row, column = np.unravel_index(int(np.argmax(grid)), grid.shape)
        x, y = self.to_original(
            (int(column) + 0.5) * self.size / grid.shape[1],
            (int(row) + 0.5) * self.size / grid.shape[0],
        )
        return (
            min(max(int(np.floor(x)), 0), self.width - 1),
            min(max(int(np.floor(y)), 0), self.height - 1),
        )
