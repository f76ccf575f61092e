"""Brain tissue: folded grey matter over white, with fluid between the folds."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from brainlens.datasets.phantom.canvas import Canvas, Plane, smooth_noise
from brainlens.datasets.phantom.patient import Tissues

_POLAR = (32, 400)


def folded(
    canvas: Canvas,
    tissues: Tissues,
    *,
    centre: tuple[float, float],
    depth: Plane,
    gyri: NDArray[np.float32],
    texture: NDArray[np.float32],
) -> Plane:
    """Return grey values of a cerebrum.

    Parameters
    ----------
    centre
        The folds run towards it.
    depth
        Distance below the brain's surface in head coordinates; negative outside.
    gyri, texture
        Coarse noise, in polar and in picture coordinates.
    """
    folds = _folds(canvas, centre, depth, gyri)
    mottle = smooth_noise(texture, canvas.size)
    ridge = np.abs(folds + np.float32(0.45) * mottle)
    # Folds reach some way down; below lies white matter, mottled.
    reach = np.clip(np.float32(1.4) - depth * np.float32(4.5), 0, 1)
    cortex = np.clip((np.float32(0.62) - ridge) * 5, 0, 1) * reach
    surface = np.clip(np.float32(1.7) - depth * np.float32(30), 0, 1)
    grey = np.maximum(cortex, surface)
    value: Plane = tissues.white + grey * np.float32(tissues.grey - tissues.white)
    sulcus = np.clip((np.float32(0.2) - ridge) * 7, 0, 1)
    sulcus *= np.clip(np.float32(1.2) - depth * np.float32(5.5), 0, 1)
    value += sulcus * (np.float32(tissues.fluid) - value)
    value += np.float32(0.02) * mottle
    return value


def foliated(canvas: Canvas, tissues: Tissues, u: float, v: float) -> Plane:
    """Return grey values of a cerebellum centred at (u, v): fine leaves around its stalk."""
    du, dv = canvas.u - np.float32(u), canvas.v - np.float32(v)
    away = np.sqrt(du * du * np.float32(0.5) + dv * dv)
    # Leaves curve, and lie closer together than pixels do in small pictures.
    leaves = np.cos(away * np.float32(130) + np.float32(2.5) * np.sin(du * np.float32(17)))
    middle = np.float32((tissues.grey + tissues.white) / 2)
    value: Plane = middle + np.float32((tissues.white - tissues.grey) * 0.36) * leaves
    return value


def _folds(
    canvas: Canvas, centre: tuple[float, float], depth: Plane, gyri: NDArray[np.float32]
) -> Plane:
    """Return noise that changes quickly around the centre and slowly towards it."""
    rows, columns = _POLAR
    wrapped = np.concatenate([gyri, gyri[:, :2]], axis=1)
    height, width = wrapped.shape
    polar = np.asarray(
        Image.fromarray(wrapped).resize(
            (columns, rows),
            Image.Resampling.BICUBIC,
            # Sampled between cell centres, so that the seam joins.
            box=(0.5, 0, width - 1.5, height),
        )
    )
    turn = np.arctan2(canvas.v - np.float32(centre[1]), canvas.u - np.float32(centre[0]))
    column = ((turn + np.float32(np.pi)) * np.float32((columns - 1) / (2 * np.pi))).astype(np.intp)
    row = np.clip(depth * np.float32(rows / 0.45), 0, rows - 1).astype(np.intp)
    return np.asarray(polar[row, column], dtype=np.float32)
