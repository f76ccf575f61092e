"""A grey picture in head coordinates, painted shape by shape."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.float32]
"""``float32``, shape [size, size]."""

Window = tuple[slice, slice]
"""Rows and columns of a part of the picture."""

EVERYWHERE: Final[Window] = (slice(None), slice(None))
MAX_WARP: Final = 0.12
_EDGE_PIXELS: Final = 1.6


def smooth_noise(grid: NDArray[np.float32], size: int) -> Plane:
    """Return noise that varies as slowly as ``grid`` [k, k] does, over [size, size]."""
    enlarged = Image.fromarray(grid).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(enlarged, dtype=np.float32)


@lru_cache(maxsize=4)
def _pixel_centres(size: int) -> tuple[Plane, Plane]:
    axis = ((np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1).astype(np.float32)
    x, y = np.meshgrid(axis, axis)
    return x, y


@dataclass(frozen=True)
class Pose:
    """Where the standard head, [-1, 1] from edge to edge, lies in the picture.

    Attributes
    ----------
    shift
        Of its centre, along x and y.
    scale
        Its size.
    tilt
        Its rotation in radians.
    """

    shift: tuple[float, float]
    scale: float
    tilt: float


class Canvas:
    """A grey picture that shapes are painted on.

    Parameters
    ----------
    size
        Width and height in pixels.
    pose
        Of the head.
    warp
        Displacements along u and v that make the anatomy irregular; at most `MAX_WARP`.

    Attributes
    ----------
    u, v
        Head coordinates of the pixels: u to the right, v downwards.
    image
        ``float32`` [size, size], 0 black, about 1 bright.
    """

    def __init__(self, size: int, pose: Pose, warp: tuple[Plane, Plane]) -> None:
        x, y = _pixel_centres(size)
        x, y = x - np.float32(pose.shift[0]), y - np.float32(pose.shift[1])
        c = np.float32(np.cos(pose.tilt) / pose.scale)
        s = np.float32(np.sin(pose.tilt) / pose.scale)
        self.u: Plane = c * x + s * y + warp[0]
        self.v: Plane = c * y - s * x + warp[1]
        self.size = size
        self.image: Plane = np.zeros((size, size), dtype=np.float32)
        self._pose = pose
        self._sharpness = np.float32(size * pose.scale / (2 * _EDGE_PIXELS))

    def inside(self, signed_distance: Plane) -> Plane:
        """Return 1 where the distance is negative, 0 where positive, with a soft edge."""
        weight: Plane = np.clip(np.float32(0.5) - signed_distance * self._sharpness, 0, 1)
        return weight

    def radius(
        self,
        u: float,
        v: float,
        a: float,
        b: float,
        angle: float = 0.0,
        *,
        window: Window = EVERYWHERE,
    ) -> Plane:
        """Return the distance from an ellipse's centre in units of its half axes a and b."""
        du, dv = self.u[window] - np.float32(u), self.v[window] - np.float32(v)
        if angle:
            c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
            du, dv = c * du + s * dv, c * dv - s * du
        du *= np.float32(1 / a)
        dv *= np.float32(1 / b)
        du *= du
        dv *= dv
        du += dv
        distance: Plane = np.sqrt(du, out=du)
        return distance

    def paint(self, weight: Plane, value: float | Plane, window: Window = EVERYWHERE) -> None:
        """Lay ``value`` over the picture where ``weight`` is."""
        part = self.image[window]
        part += weight * (np.asarray(value, dtype=np.float32) - part)

    def blob(
        self,
        u: float,
        v: float,
        a: float,
        b: float,
        value: float | Plane,
        *,
        angle: float = 0.0,
        within: Plane | None = None,
    ) -> None:
        """Paint an ellipse, only ``within`` a weight where one is given."""
        window = self.window(u, v, max(a, b))
        near = (self.radius(u, v, a, b, angle, window=window) - 1) * np.float32(min(a, b))
        weight = self.inside(near)
        if within is not None:
            weight *= within[window]
        self.paint(weight, value[window] if isinstance(value, np.ndarray) else value, window)

    def pair(
        self,
        u: float,
        v: float,
        a: float,
        b: float,
        value: float | Plane,
        *,
        angle: float = 0.0,
        within: Plane | None = None,
    ) -> None:
        """Paint an ellipse on either side of the midline."""
        self.blob(-u, v, a, b, value, angle=-angle, within=within)
        self.blob(u, v, a, b, value, angle=angle, within=within)

    def window(self, u: float, v: float, reach: float) -> Window:
        """Return the part of the picture that may lie within ``reach`` of (u, v)."""
        pose = self._pose
        c, s = np.cos(pose.tilt) * pose.scale, np.sin(pose.tilt) * pose.scale
        x, y = c * u - s * v + pose.shift[0], c * v + s * u + pose.shift[1]
        extent = (reach + MAX_WARP) * pose.scale + 2 * _EDGE_PIXELS / self.size
        return _span(y, extent, self.size), _span(x, extent, self.size)


def _span(centre: float, extent: float, size: int) -> slice:
    first = int((centre - extent + 1) * size / 2)
    last = int((centre + extent + 1) * size / 2) + 1
    return slice(max(first, 0), max(min(last, size), 0))
