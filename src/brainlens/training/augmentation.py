"""Random changes of training images that depend on seed, epoch and slice, and nothing else."""

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from brainlens.training.augmentation_spec import AugmentationSpec
from brainlens.training.mr_artefacts import CROP, N_UNIFORMS, PADDING, degrade
from brainlens.training.skull_strip import Zoom

# Terms of the bias field: x, y, x², xy, y². Constant brightness is the gain's.
_FIELD_TERMS = 5
_UNIFORMS = 8 + _FIELD_TERMS


class Draws(NamedTuple):
    """Random values of a batch.

    Attributes
    ----------
    uniforms
        float32 [B, 13] in [0, 1).
    noise
        float32 [B, S, S], standard normal.
    artefacts
        float32 [B, N_UNIFORMS] in [0, 1), for `brainlens.training.mr_artefacts`.
    """

    uniforms: NDArray[np.float32]
    noise: NDArray[np.float32]
    artefacts: NDArray[np.float32]


def draw(seed: int, epoch: int, indices: NDArray[np.int64], size: int) -> Draws:
    """Draw the random values of some slices.

    Each slice has its own counter-based generator, keyed by seed, epoch and index: the values do
    not depend on the batch the slice is in, on the order, on worker processes, or on what an
    interrupted run drew before.
    """
    uniforms = np.empty((len(indices), _UNIFORMS), np.float32)
    noise = np.empty((len(indices), size, size), np.float32)
    artefacts = np.empty((len(indices), N_UNIFORMS), np.float32)
    for row, index in enumerate(indices):
        generator = slice_generator(seed, epoch, int(index))
        uniforms[row] = generator.random(_UNIFORMS, dtype=np.float32)
        noise[row] = generator.standard_normal((size, size), dtype=np.float32)
        # Last, so that all else is as it was before there were artefacts.
        artefacts[row] = generator.random(N_UNIFORMS, dtype=np.float32)
    return Draws(uniforms, noise, artefacts)


def slice_generator(seed: int, epoch: int, index: int) -> np.random.Generator:
    """Return the generator of one slice in one epoch."""
    return np.random.Generator(np.random.Philox(key=[seed, (epoch << 32) | index]))


def augment(
    images: Tensor, draws: Draws, spec: AugmentationSpec, zoom: Zoom | None = None
) -> Tensor:
    """Vary a batch.

    Parameters
    ----------
    images
        float [B, 1, S, S], grey values in [0, 1].
    draws
        Random values of these slices.
    spec
        Ranges.
    zoom
        What of each slice fills the input, where not all of it does; see
        `brainlens.training.skull_strip.strip`, which comes before.

    Returns
    -------
    Tensor
        Same shape, type and range.
    """
    uniforms = torch.from_numpy(draws.uniforms).to(images.device)
    signed = uniforms * 2 - 1
    moved = _move(images, draws, spec, zoom)
    gain = 1 + spec.gain * signed[:, 5, None, None, None]
    gamma = 1 + spec.gamma * signed[:, 6, None, None, None]
    field = _bias_field(signed[:, 8:], images.shape[-1]) * spec.bias_field
    # The floor keeps the power's slope finite at 0; it is far below one grey level.
    varied = moved.clamp(min=1e-6) ** gamma * (gain * (1 + field))
    if spec.noise:
        level = uniforms[:, 7, None, None, None]
        noise = torch.from_numpy(draws.noise).to(images.device)[:, None]
        varied = varied + spec.noise * level * noise
    varied = varied.clamp(0, 1)
    return degrade(varied, draws.artefacts, spec) if spec.artefact_chance else varied


def augment_masks(
    masks: Tensor, draws: Draws, spec: AugmentationSpec, zoom: Zoom | None = None
) -> Tensor:
    """Move masks as `augment` moves the images they belong to.

    Parameters
    ----------
    masks
        uint8 [B, 1, S, S], 0 or 1.
    draws, spec, zoom
        As for the images.

    Returns
    -------
    Tensor
        float [B, 1, S, S], 0 or 1.
    """
    grid, seen = _geometry(draws, spec, zoom, masks)
    moved = functional.grid_sample(
        masks.float(), grid, mode="bilinear", padding_mode="zeros", align_corners=False
    )
    return _framed((moved > 0.5).to(moved.dtype), seen)


def _move(images: Tensor, draws: Draws, spec: AugmentationSpec, zoom: Zoom | None) -> Tensor:
    """Rotate, scale, shift, flip, crop and pad by one interpolation for the whole batch."""
    grid, seen = _geometry(draws, spec, zoom, images)
    # Bilinear interpolation blurs. Batch normalisation would then gather statistics of blurred
    # slices and apply them to sharp ones: measured on the Cheng set, that cost SimpleCNN seven
    # points of accuracy on its own training slices. Bicubic keeps the texture.
    moved = functional.grid_sample(
        images, grid, mode="bicubic", padding_mode="zeros", align_corners=False
    )
    return _framed(moved.clamp(0, 1), seen)


def _framed(moved: Tensor, seen: Tensor | None) -> Tensor:
    return moved if seen is None else moved * seen


def _geometry(
    draws: Draws, spec: AugmentationSpec, zoom: Zoom | None, like: Tensor
) -> tuple[Tensor, Tensor | None]:
    """Return where each pixel comes from, [B, S, S, 2], and which lie inside the frame, if any.

    The frame is what a crop leaves and a border surrounds, see `_frame`.
    """
    matrix = _matrix(draws, spec, like.device)
    if zoom is not None:
        # The enlarged square is what everything else happens to.
        matrix = matrix * zoom.extent[:, None, None]
        matrix[:, :, 2] += zoom.middle
    if not spec.artefact_chance:
        return functional.affine_grid(matrix, list(like.shape), align_corners=False), None
    extent, centre, half = (
        torch.from_numpy(values).to(like.device) for values in _frame(draws.artefacts, spec)
    )
    # No matrix product: mixed precision would round it.
    shift = (matrix[:, :, :2] * centre[:, None]).sum(2, keepdim=True) + matrix[:, :, 2:]
    framed = torch.cat([matrix[:, :, :2] * extent[:, None, None], shift], dim=2)
    axis = (torch.arange(like.shape[-1], device=like.device) + 0.5) * 2 / like.shape[-1] - 1
    inside = (axis.abs() * extent[:, None])[:, None] <= half[:, :, None]
    seen = inside[:, 1, :, None] & inside[:, 0, None, :]
    grid = functional.affine_grid(framed, list(like.shape), align_corners=False)
    return grid, seen[:, None]


def _frame(
    uniforms: NDArray[np.float32], spec: AugmentationSpec
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return half the side of the new square, the middle and half the sides of what is kept.

    All in the old square, which runs from -1 to 1: [B], and [B, 2] for x and y.
    """
    crop, padding = uniforms[:, CROP], uniforms[:, PADDING]
    cut = np.where(crop[:, :1] < spec.artefact_chance, crop[:, 1:3] * spec.crop, 0)
    centre = (crop[:, 3:5] * 2 - 1) * cut
    border = np.where(padding[:, 0] < spec.artefact_chance, padding[:, 1] * spec.padding, 0)
    half = 1 - cut
    extent = half.max(axis=1) * (1 + 2 * border)
    return extent.astype(np.float32), centre.astype(np.float32), half.astype(np.float32)


def _matrix(draws: Draws, spec: AugmentationSpec, device: torch.device) -> Tensor:
    """Return what takes a point of the result to where it comes from, [B, 2, 3]."""
    uniforms = torch.from_numpy(draws.uniforms).to(device)
    signed = uniforms * 2 - 1
    angle = signed[:, 0] * math.radians(spec.rotation_degrees)
    scale = 1 / (1 + spec.scale * signed[:, 1])
    # Sides run from -1 to 1 in the sampling grid, so a share of the side counts double.
    shift_x, shift_y = 2 * spec.shift * signed[:, 2], 2 * spec.shift * signed[:, 3]
    mirror = torch.where(uniforms[:, 4] < spec.flip, -1.0, 1.0)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    return torch.stack(
        [
            torch.stack([cos * mirror, -sin, shift_x], dim=1),
            torch.stack([sin * mirror, cos, shift_y], dim=1),
        ],
        dim=1,
    )


def _bias_field(coefficients: Tensor, size: int) -> Tensor:
    """Return smooth fields [B, 1, S, S] in [-1, 1], from coefficients [B, 5] in [-1, 1]."""
    axis = torch.linspace(-1, 1, size, device=coefficients.device)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    terms = torch.stack([x, y, x * x, x * y, y * y]).flatten(1)
    field = (coefficients @ terms) / _FIELD_TERMS
    return field.reshape(-1, 1, size, size)
