"""Stripping tensors leaves the brain that the robustness test's own way would leave."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainlens.evaluation.head import brain_mask
from brainlens.training.augmentation import Draws, augment, augment_masks
from brainlens.training.augmentation_spec import AugmentationSpec
from brainlens.training.mr_artefacts import N_UNIFORMS
from brainlens.training.skull_strip import Zoom, strip

SIZE = 128
STILL = AugmentationSpec(
    rotation_degrees=0, scale=0, shift=0, flip=0, gain=0, gamma=0, bias_field=0, noise=0
)


def _ellipse(half_height: float, half_width: float, row: float = 64) -> NDArray[np.bool_]:
    y, x = np.mgrid[:SIZE, :SIZE]
    inside: NDArray[np.bool_] = np.hypot((y - row) / half_height, (x - 64) / half_width) < 1
    return inside


def _slice() -> Tensor:
    """A brain with a bright lesion and a dark ventricle, in a dark skull, in bright scalp."""
    rng = np.random.default_rng(0)
    grey = np.where(_ellipse(60, 50), 0.9, 0.0)
    grey[_ellipse(56, 46)] = 0.12
    brain = _ellipse(50, 40)
    grey[brain] = (0.5 + 0.05 * rng.standard_normal((SIZE, SIZE)))[brain]
    grey[40:52, 44:56] = 1.0
    grey[60:72, 70:76] = 0.15
    return torch.from_numpy(grey.clip(0, 1).astype(np.float32))[None, None]


def _drawn(*chances: float, margin: float = 0.0) -> NDArray[np.float32]:
    return np.array([[chance, margin] for chance in chances], np.float32)


def test_the_scalp_goes_and_the_brain_stays_lesion_and_ventricle_included() -> None:
    image = _slice()
    stripped, _ = strip(image, _drawn(0.0), 0.5)
    left = stripped[0, 0].numpy() > 0
    assert not left[~_ellipse(55, 45)].any()
    assert left[_ellipse(47, 37)].all()
    theirs = brain_mask(image[0, 0].numpy())
    assert (left & theirs).sum() > 0.9 * (left | theirs).sum()


def test_a_margin_is_left_as_wide_as_is_drawn() -> None:
    none, _ = strip(_slice(), _drawn(0.0, margin=0), 0.5)
    some, _ = strip(_slice(), _drawn(0.0, margin=0.9), 0.5)
    # Nine hundredths of the brain's diameter, which is about 90, on every side.
    grown = int((some[0, 0, 64] > 0).sum()) - int((none[0, 0, 64] > 0).sum())
    assert 10 <= grown <= 20


def test_only_the_slices_drawn_are_stripped() -> None:
    images = _slice().repeat(3, 1, 1, 1)
    stripped, zoom = strip(images, _drawn(0.9, 0.1, 0.5), 0.5)
    assert [torch.equal(a, b) for a, b in zip(images, stripped, strict=True)] == [True, False, True]
    assert [float(extent) == 1 for extent in zoom.extent] == [True, False, True]
    assert not zoom.middle[[0, 2]].any()
    assert torch.equal(images, _slice().repeat(3, 1, 1, 1))


def test_what_is_left_is_white_at_its_bright_end() -> None:
    dull = _slice()
    dull[dull == 1] = 0.55  # the scalp was the brightest
    stripped, _ = strip(dull, _drawn(0.0), 0.5)
    assert stripped.max() == 1
    assert float(stripped[stripped > 0].median()) > 1.2 * float(dull[dull > 0.4].median())


def test_the_brain_fills_the_input_and_its_mask_with_it() -> None:
    image = torch.roll(_slice(), 9, dims=-1)
    lesion = torch.zeros(1, 1, SIZE, SIZE, dtype=torch.uint8)
    lesion[..., 40:52, 53:65] = 1
    stripped, zoom = strip(image, _drawn(0.0), 0.5)
    draws = Draws(
        np.full((1, 13), 0.5, np.float32),
        np.zeros((1, SIZE, SIZE), np.float32),
        np.ones((1, N_UNIFORMS), np.float32),
    )
    shown = augment(stripped, draws, STILL, zoom)[0, 0]
    mask = augment_masks(lesion, draws, STILL, zoom)[0, 0]
    rows, columns = (torch.nonzero((shown > 0.1).sum(axis) > 6).flatten() for axis in (1, 0))
    # The brain is 100 high and 80 wide: its height fills the square, in whose middle it is.
    assert rows[0] <= 3
    assert rows[-1] >= SIZE - 4
    assert abs(int(columns[0] + columns[-1]) / 2 - 63.5) <= 2
    assert mask.sum() > 1.3 * lesion.sum()
    assert shown[mask > 0].mean() > 0.95


@pytest.mark.parametrize(
    "image",
    [torch.zeros(1, 1, SIZE, SIZE), torch.ones(1, 1, SIZE, SIZE), torch.rand(1, 1, 33, 33)],
)
def test_what_is_no_head_is_borne(image: Tensor) -> None:
    stripped, zoom = strip(image, _drawn(0.0), 0.5)
    assert stripped.shape == image.shape
    assert torch.isfinite(stripped).all()
    assert 0 < float(zoom.extent) <= 1


def test_where_no_brain_parts_from_the_rest_a_rim_goes() -> None:
    even = torch.from_numpy(np.where(_ellipse(60, 50), 0.5, 0).astype(np.float32))[None, None]
    left = strip(even, _drawn(0.0), 0.5)[0][0, 0].numpy() > 0
    assert left[_ellipse(45, 35)].all()
    assert left.sum() < 0.95 * (even > 0).sum()


def test_no_zoom_is_no_change() -> None:
    image = _slice()
    draws = Draws(
        np.random.default_rng(2).random((1, 13), np.float32),
        np.zeros((1, SIZE, SIZE), np.float32),
        np.ones((1, N_UNIFORMS), np.float32),
    )
    unchanged = Zoom(torch.zeros(1, 2), torch.ones(1))
    spec = AugmentationSpec()
    assert torch.equal(augment(image, draws, spec), augment(image, draws, spec, unchanged))
