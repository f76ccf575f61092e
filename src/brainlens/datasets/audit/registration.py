"""One image laid over another, and how far the two agree then."""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from brainlens.datasets.audit.descriptor import HeadFrame, Thumbnail
from brainlens.datasets.audit.orientation import oriented, undoing

Matrix = NDArray[np.float64]
"""Shape [2, 3]: takes a point of one image to the other, in units of the images' sides."""

_COARSE: Final = 32
_COARSE_STEPS: Final = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 15, 1e-3)
_FINE_STEPS: Final = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 25, 1e-4)
_SMOOTHING: Final = 3
_FINEST, _COARSEST = 0.7, 3.0
"""Standard deviations, in pixels of a thumbnail, of the blurs between which its detail lies: noise
and compression are finer, what all heads have in common is coarser."""
_BACKGROUND: Final = 25
_LEAST_SHARE: Final = 0.3
"""Of the image that must lie under the other for the two to be compared."""


@dataclass(frozen=True, slots=True)
class Change:
    """What turns one image into another, but for its place.

    Attributes
    ----------
    mirrored
        Whether it is mirrored left to right, before it is turned.
    turn
        Degrees, counter-clockwise, above -180 to 180.
    scale
        Enlargement, in units of the images' sides.
    """

    mirrored: bool
    turn: float
    scale: float

    @classmethod
    def of(cls, linear: NDArray[np.float64]) -> "Change":
        """Read it off a map from points of the one to points of the other, shape [2, 2]."""
        area = float(np.linalg.det(linear))
        a = linear @ np.diag([-1.0, 1.0]) if area < 0 else linear
        # Rows go down, so this is the other way round than in a textbook.
        turn = math.degrees(math.atan2(a[0, 1] - a[1, 0], a[0, 0] + a[1, 1]))
        return cls(area < 0, 180.0 if turn == -180 else turn, math.sqrt(abs(area)))

    @property
    def inverse(self) -> "Change":
        """What leads back."""
        back = self.turn if self.mirrored or self.turn == 180 else -self.turn
        return Change(self.mirrored, back, 1 / self.scale)


@dataclass(frozen=True, slots=True)
class Registration:
    """How a second image lies over a first.

    Attributes
    ----------
    correlation
        Of the detail of both where they overlap, -1 to 1.
    matrix
        From points of the first to points of the second in its orientation.
    orientation
        The second's.
    """

    correlation: float
    matrix: Matrix
    orientation: int

    @property
    def change(self) -> Change:
        """What makes the second of the first."""
        return Change.of(undoing(self.orientation) @ self.matrix[:, :2])

    @property
    def displacement(self) -> float:
        """How far a corner of the first moves, at most, in units of the image's side.

        Infinite where an orientation must be changed: 0 says that both have one frame.
        """
        if self.orientation:
            return math.inf
        corners = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1.0]])
        moved = corners @ self.matrix.T - corners[:, :2]
        return float(np.hypot(*moved.T).max())


def register(first: Thumbnail, second: Thumbnail, orientation: int) -> Registration | None:
    """Lay the second over the first by an affine map, in the coarse: at 32 pixels.

    Maximises the enhanced correlation coefficient (ECC), from where the whole images or the heads
    lie over each other, whichever agrees more.

    Parameters
    ----------
    first, second
        Thumbnails, shape [SIDE, SIDE].
    orientation
        In which the second looks like the first.

    Returns
    -------
    Registration or None
        None where they are too unlike to be laid over each other.
    """
    laid = np.ascontiguousarray(oriented(second, orientation))
    small, small_laid = (_reduced(image) for image in (first, laid))
    start = max((_identity(), _heads(first, laid)), key=lambda m: _agreement(small, small_laid, m))
    found = _maximised(small, small_laid, start, _COARSE_STEPS, smoothing=1)
    return None if found is None else _registration(small, small_laid, found, orientation)


def refine(first: Thumbnail, second: Thumbnail, coarse: Registration) -> Registration | None:
    """Go on from a coarse registration at the full size of the thumbnails; else as `register`."""
    laid = np.ascontiguousarray(oriented(second, coarse.orientation))
    found = _maximised(first, laid, coarse.matrix, _FINE_STEPS, smoothing=_SMOOTHING)
    return None if found is None else _registration(first, laid, found, coarse.orientation)


def _registration(
    first: Thumbnail, laid: Thumbnail, matrix: Matrix, orientation: int
) -> Registration | None:
    correlation = _detail_correlation(first, laid, matrix)
    return None if correlation is None else Registration(correlation, matrix, orientation)


def _reduced(image: Thumbnail) -> Thumbnail:
    return np.asarray(cv2.resize(image, (_COARSE, _COARSE), interpolation=cv2.INTER_AREA), np.uint8)


def _identity() -> Matrix:
    return np.eye(2, 3)


def _heads(first: Thumbnail, second: Thumbnail) -> Matrix:
    """Return the map that takes one head's frame to the other's."""
    a, b = HeadFrame.of(first), HeadFrame.of(second)
    across, down = b.width / a.width, b.height / a.height
    return np.array([[across, 0, b.x - across * a.x], [0, down, b.y - down * a.y]])


def _in_pixels(matrix: Matrix, side: int) -> NDArray[np.float32]:
    """Return the map between pixels, whose centres lie half a pixel from the corner."""
    half = matrix[:, :2] @ (0.5, 0.5) + side * matrix[:, 2] - 0.5
    return np.column_stack([matrix[:, :2], half]).astype(np.float32)


def _in_sides(pixels: NDArray[np.float32], side: int) -> Matrix:
    linear = pixels[:, :2].astype(np.float64)
    return np.column_stack([linear, (pixels[:, 2] + 0.5 - linear @ (0.5, 0.5)) / side])


def _warped(image: Thumbnail, matrix: Matrix) -> Thumbnail:
    side = image.shape[0]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(image, _in_pixels(matrix, side), (side, side), flags=flags), np.uint8
    )


def _agreement(first: Thumbnail, second: Thumbnail, matrix: Matrix) -> float:
    return _pearson(first.ravel(), _warped(second, matrix).ravel())


def _maximised(
    first: Thumbnail,
    second: Thumbnail,
    start: Matrix,
    steps: tuple[int, int, float],
    smoothing: int,
) -> Matrix | None:
    """Return the map found, or None where the search leads nowhere."""
    side = first.shape[0]
    everywhere = np.ones((side, side), np.uint8)
    try:
        _, pixels = cv2.findTransformECC(
            first,
            second,
            _in_pixels(start, side),
            cv2.MOTION_AFFINE,
            steps,
            everywhere,
            smoothing,
        )
    except cv2.error as error:
        # Two images so unlike that the iterations part from each other are no copies.
        if error.code != cv2.Error.StsNoConv:
            raise
        return None
    return _in_sides(np.asarray(pixels, np.float32), side)


def _detail_correlation(first: Thumbnail, second: Thumbnail, matrix: Matrix) -> float | None:
    laid = _warped(second, matrix)
    covered = _warped(np.full_like(second, 255), matrix) == 255
    # Interpolated with what lies outside, the pixels along the edge are not the image's own.
    covered = cv2.erode(covered.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if covered.mean() < _LEAST_SHARE:
        return None
    head = (np.maximum(first, laid) > _BACKGROUND).astype(np.uint8)
    compared = covered & (cv2.dilate(head, np.ones((3, 3), np.uint8)) > 0)
    return _pearson(_detail(first)[compared], _detail(laid)[compared])


def _detail(image: Thumbnail) -> NDArray[np.float32]:
    grey = image.astype(np.float32)
    fine: NDArray[np.float32] = np.asarray(cv2.GaussianBlur(grey, (0, 0), _FINEST), np.float32)
    return fine - np.asarray(cv2.GaussianBlur(grey, (0, 0), _COARSEST), np.float32)


def _pearson(a: NDArray[np.generic], b: NDArray[np.generic]) -> float:
    """Return the correlation; 0 where either does not vary."""
    if a.size == 0:
        return 0.0
    x, y = (v.astype(np.float64) - v.mean(dtype=np.float64) for v in (a, b))
    both = math.sqrt(float(x @ x) * float(y @ y))
    return float(x @ y) / both if both > 0 else 0.0
