"""Random changes of training images that depend on seed, epoch and slice, and nothing else."""

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from brainlens.training.augmentation_spec import AugmentationSpec

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
    """

    uniforms: NDArray[np.float32]
    noise: NDArray[np.float32]


def draw(seed: int, epoch: int, indices: NDArray[np.int64], size: int) -> Draws:
    """Draw the random values of some slices.

    Each slice has its own counter-based generator, keyed by seed, epoch and index: the values do
    not depend on the batch the slice is in, on the order, on worker processes, or on what an
    interrupted run drew before.
    """
    uniforms = np.empty((len(indices), _UNIFORMS), np.float32)
    noise = np.empty((len(indices), size, size), np.float32)
    for row, index in enumerate(indices):
        generator = slice_generator(seed, epoch, int(index))
        uniforms[row] = generator.random(_UNIFORMS, dtype=np.float32)
        noise[row] = generator.standard_normal((size, size), dtype=np.float32)
    return Draws(uniforms, noise)


def slice_generator(seed: int, epoch: int, index: int) -> np.random.Generator:
    """Return the generator of one slice in one epoch."""
    return np.random.Generator(np.random.Philox(key=[seed, (epoch << 32) | index]))


def augment(images: Tensor, draws: Draws, spec: AugmentationSpec) -> Tensor:
    """Vary a batch.

    Parameters
    ----------
    images
        float [B, 1, S, S], grey values in [0, 1].
    draws
        Random values of these slices.
    spec
        Ranges.

    Returns
    -------
    Tensor
        Same shape, type and range.
    """
    uniforms = torch.from_numpy(draws.uniforms).to(images.device)
    signed = uniforms * 2 - 1
    moved = _move(images, draws, spec)
    gain = 1 + spec.gain * signed[:, 5, None, None, None]
    gamma = 1 + spec.gamma * signed[:, 6, None, None, None]
    field = _bias_field(signed[:, 8:], images.shape[-1]) * spec.bias_field
    # The floor keeps the power's slope finite at 0; it is far below one grey level.
    varied = moved.clamp(min=1e-6) ** gamma * (gain * (1 + field))
    if spec.noise:
        level = uniforms[:, 7, None, None, None]
        noise = torch.from_numpy(draws.noise).to(images.device)[:, None]
        varied = varied + spec.noise * level * noise
    return varied.clamp(0, 1)


def augment_masks(masks: Tensor, draws: Draws, spec: AugmentationSpec) -> Tensor:
    """Move masks as `augment` moves the images they belong to.

    Parameters
    ----------
    masks
        uint8 [B, 1, S, S], 0 or 1.
    draws, spec
        As for the images.

    Returns
    -------
    Tensor
        float [B, 1, S, S], 0 or 1.
    """
    moved = functional.grid_sample(
        masks.float(),
        _grid(draws, spec, masks),
        mode="bilinear",
        padding_mode="zeros",
        align_corners=False,
    )
    return (moved > 0.5).to(moved.dtype)


def _move(images: Tensor, draws: Draws, spec: AugmentationSpec) -> Tensor:
    """Rotate, scale, shift and flip by one interpolation for the whole batch."""
    # Bilinear interpolation blurs. Batch normalisation would then gather statistics of blurred
    # slices and apply them to sharp ones: measured on the Cheng set, that cost SimpleCNN seven
    # points of accuracy on its own training slices. Bicubic keeps the texture.
    moved = functional.grid_sample(
        images,
        _grid(draws, spec, images),
        mode="bicubic",
        padding_mode="zeros",
        align_corners=False,
    )
    return moved.clamp(0, 1)


def _grid(draws: Draws, spec: AugmentationSpec, like: Tensor) -> Tensor:
    """Return where each pixel comes from, [B, S, S, 2]."""
    uniforms = torch.from_numpy(draws.uniforms).to(like.device)
    signed = uniforms * 2 - 1
    angle = signed[:, 0] * math.radians(spec.rotation_degrees)
    scale = 1 / (1 + spec.scale * signed[:, 1])
    # Sides run from -1 to 1 in the sampling grid, so a share of the side counts double.
    shift_x, shift_y = 2 * spec.shift * signed[:, 2], 2 * spec.shift * signed[:, 3]
    mirror = torch.where(uniforms[:, 4] < spec.flip, -1.0, 1.0)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    matrix = torch.stack(
        [
            torch.stack([cos * mirror, -sin, shift_x], dim=1),
            torch.stack([sin * mirror, cos, shift_y], dim=1),
        ],
        dim=1,
    )
    return functional.affine_grid(matrix, list(like.shape), align_corners=False)


def _bias_field(coefficients: Tensor, size: int) -> Tensor:
    """Return smooth fields [B, 1, S, S] in [-1, 1], from coefficients [B, 5] in [-1, 1]."""
    axis = torch.linspace(-1, 1, size, device=coefficients.device)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    terms = torch.stack([x, y, x * x, x * y, y * y]).flatten(1)
    field = (coefficients @ terms) / _FIELD_TERMS
    return field.reshape(-1, 1, size, size)
