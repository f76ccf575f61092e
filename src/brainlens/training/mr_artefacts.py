"""What MR slices suffer before they reach a network: drawn, batched, on the device.

The kinds and their units are those of the robustness test, which measures with its own code, on
pixels as read; here everything happens at the size of the network's input. A slice has each kind
with the specification's ``artefact_chance``, as strong as is drawn evenly up to its strength.
"""

import math
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from brainlens.training.augmentation_spec import AugmentationSpec

Uniforms = NDArray[np.float32]

_MOVES: Final = 4
# Where each kind's random values lie; the first of each decides whether the slice has it.
CROP: Final = slice(0, 5)
PADDING: Final = slice(5, 7)
STRIP: Final = slice(7, 9)
_MOTION: Final = slice(9, 11 + 4 * _MOVES)
_GHOSTING: Final = slice(_MOTION.stop, _MOTION.stop + 4)
_RESOLUTION: Final = slice(_GHOSTING.stop, _GHOSTING.stop + 2)
_JPEG: Final = slice(_RESOLUTION.stop, _RESOLUTION.stop + 2)
N_UNIFORMS: Final = _JPEG.stop

_STILL: Final = 0.1
"""Share of the lines of k-space, in the middle, that see the head at rest."""
_GHOSTS: Final = (2, 6)
"""Fewest and most repetitions."""
_MIDDLE: Final = 0.02
"""Share of the lines, in the middle, that ghosting leaves alone: they hold the brightness."""
_FINEST: Final = 95
"""Best quality of JPEG drawn; above, hardly anything is lost."""
# ITU-T T.81, table K.1: what luminance is divided by at quality 50.
_QUANTISATION: Final = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)


def degrade(images: Tensor, uniforms: Uniforms, spec: AugmentationSpec) -> Tensor:
    """Return a batch with the artefacts that were drawn for it, geometry aside.

    Parameters
    ----------
    images
        float32 [B, 1, S, S], grey values in [0, 1].
    uniforms
        float32 [B, N_UNIFORMS] in [0, 1).
    spec
        Chance and largest strengths.
    """
    kinds = (
        (_MOTION, _moved, spec.motion, 0.0),
        (_GHOSTING, _ghosted, spec.ghosting, 0.0),
        (_RESOLUTION, _coarser, spec.resolution, 1.0),
        (_JPEG, _compressed, spec.jpeg_quality, 100.0),
    )
    degraded = images.clone()
    # In full precision: half of it would leave a few grey levels of a Fourier transform.
    with torch.autocast(images.device.type, enabled=False):
        for columns, change, strength, none in kinds:
            # Chosen where the draws are, so that no device is waited for.
            rows = np.flatnonzero(uniforms[:, columns.start] < spec.artefact_chance)
            if strength == none or not len(rows):
                continue
            at = torch.from_numpy(rows).to(images.device)
            values = uniforms[rows, columns.start + 1 : columns.stop]
            degraded[at] = change(degraded[at], values, float(strength)).clamp(0, 1)
    return degraded


def _on(device: torch.device, values: NDArray[np.floating]) -> Tensor:
    """Return values, one a slice, in a shape that multiplies [B, 1, S, S]."""
    return torch.from_numpy(np.ascontiguousarray(values, np.float32)).to(device)[
        :, None, None, None
    ]


def _along(images: Tensor, axis: NDArray[np.float32]) -> Tensor:
    """Transpose the slices whose draw says that lines follow each other downwards."""
    down = _on(images.device, axis) < 0.5
    return torch.where(down, images.transpose(-1, -2), images)


def _moved(images: Tensor, drawn: Uniforms, strength: float) -> Tensor:
    """Let the head move a few times while lines of k-space are taken (Shaw et al., 2019).

    The middle lines see it at rest, so the image as a whole stays in place.
    """
    axis, moments = drawn[:, 0], np.sort(drawn[:, 1 : 1 + _MOVES], axis=1)
    poses = (drawn[:, 1 + _MOVES :].reshape(len(drawn), _MOVES, 3) * 2 - 1) * strength
    images = _along(images, axis)
    size = images.shape[-1]
    when = np.arange(size, dtype=np.float32) / size
    stretch = (moments[:, :, None] <= when).sum(axis=1)
    stretch[:, np.abs(when - 0.5) < _STILL / 2] = 0
    seen = torch.zeros_like(images, dtype=torch.complex64)
    for number in range(_MOVES + 1):
        picture = images if number == 0 else _posed(images, poses[:, number - 1])
        lines = torch.from_numpy(stretch == number).to(images.device)[:, None, None, :]
        seen = seen + _to_lines(picture) * lines
    return _along(_to_image(seen), axis)


def _posed(images: Tensor, poses: Uniforms) -> Tensor:
    """Return pictures turned by degrees and shifted by per cent of the side."""
    angle = torch.from_numpy(np.radians(poses[:, 0])).to(images.device)
    # Sides run from -1 to 1 in the sampling grid.
    shift = torch.from_numpy(poses[:, 1:] / 50).to(images.device)
    cos, sin = torch.cos(angle), torch.sin(angle)
    turn = torch.stack([torch.stack([cos, -sin], dim=1), torch.stack([sin, cos], dim=1)], dim=1)
    matrix = torch.cat([turn, shift[:, :, None]], dim=2)
    grid = functional.affine_grid(matrix, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, padding_mode="zeros", align_corners=False)


def _ghosted(images: Tensor, drawn: Uniforms, strength: float) -> Tensor:
    """Weaken every n-th line of k-space, which repeats the head n times."""
    axis = drawn[:, 0]
    images = _along(images, axis)
    size = images.shape[-1]
    number = np.arange(size) - size // 2
    fewest, most = _GHOSTS
    every = fewest + np.floor(drawn[:, 1] * (most - fewest + 1)).astype(np.int64)
    weak = (number % every[:, None] == 0) & (np.abs(number) > _MIDDLE / 2 * size)
    left = np.where(weak, 1 - drawn[:, 2:] * strength, 1).astype(np.float32)
    lines = torch.from_numpy(left).to(images.device)[:, None, None, :]
    return _along(_to_image(_to_lines(images) * lines), axis)


def _to_lines(images: Tensor) -> Tensor:
    lines: Tensor = torch.fft.fftshift(torch.fft.fft(images, dim=-1), dim=-1)
    return lines


def _to_image(lines: Tensor) -> Tensor:
    image: Tensor = torch.fft.ifft(torch.fft.ifftshift(lines, dim=-1), dim=-1).abs()
    return image


def _coarser(images: Tensor, drawn: Uniforms, strength: float) -> Tensor:
    """Average the pixels under fewer, larger ones, and interpolate linearly between their centres.

    Both are linear and the same for rows and columns: one matrix a slice.
    """
    size = images.shape[-1]
    cells = np.round(size / (1 + drawn[:, 0] * (strength - 1)))
    n = torch.from_numpy(cells.astype(np.float32)).to(images.device)[:, None, None]
    pixel = torch.arange(size, dtype=torch.float32, device=images.device)
    cell, width = pixel[None, :, None], size / n
    covered = torch.minimum((cell + 1) * width, pixel + 1) - torch.maximum(cell * width, pixel)
    averaging = covered.clamp(min=0) / width
    centre = ((pixel[None, :, None] + 0.5) / width - 0.5).clamp(min=0)
    # Beyond the last centre the last cell goes on.
    centre = torch.minimum(centre, n - 1)
    interpolating = (1 - (centre - pixel).abs()).clamp(min=0)
    both = (interpolating @ averaging)[:, None]
    return both @ images @ both.transpose(-1, -2)


def _compressed(images: Tensor, drawn: Uniforms, strength: float) -> Tensor:
    """Round as baseline JPEG does: 8×8 cosine transform, quantisation; coding loses nothing.

    Quality scales the table as the Independent JPEG Group's library does.
    """
    size, device = images.shape[-1], images.device
    quality = np.round(strength + drawn[:, 0] * (_FINEST - strength))
    percent = np.where(quality < 50, 5000 / quality, 200 - 2 * quality)
    scaled = np.floor((np.asarray(_QUANTISATION) * percent[:, None, None] + 50) / 100)
    steps = torch.from_numpy(scaled.clip(1, 255).astype(np.float32)).to(device)[:, None, None]
    padded = functional.pad(images, [0, -size % 8] * 2, mode="replicate")
    n = padded.shape[-1] // 8
    # [B, rows of blocks, columns of blocks, 8, 8]
    blocks = (torch.round(padded * 255) - 128).reshape(-1, n, 8, n, 8).transpose(2, 3)
    cosine = _cosine().to(device)
    rounded = torch.round(cosine @ blocks @ cosine.T / steps) * steps
    back = cosine.T @ rounded @ cosine
    whole = back.transpose(2, 3).reshape(-1, 1, 8 * n, 8 * n)
    return (torch.round(whole + 128) / 255)[..., :size, :size]


def _cosine() -> Tensor:
    """Return the orthogonal matrix of the eight-point cosine transform."""
    k, x = np.mgrid[:8, :8]
    matrix = np.cos((2 * x + 1) * k * math.pi / 16) / 2
    matrix[0] /= math.sqrt(2)
    return torch.from_numpy(matrix.astype(np.float32))
