"""Artefacts on tensors do what the robustness test does to files."""

import io

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from brainlens.evaluation.robustness.k_space import to_image, to_lines
from brainlens.training import mr_artefacts as artefacts
from brainlens.training.augmentation_spec import AugmentationSpec
from brainlens.training.mr_artefacts import N_UNIFORMS, degrade

SIZE = 40
STRENGTHS: dict[str, float] = {
    "motion": 4,
    "ghosting": 0.7,
    "resolution": 4,
    "jpeg_quality": 10,
}
COLUMNS = {
    "motion": artefacts._MOTION,
    "ghosting": artefacts._GHOSTING,
    "resolution": artefacts._RESOLUTION,
    "jpeg_quality": artefacts._JPEG,
}


def _head(n: int = 1, size: int = SIZE) -> Tensor:
    """A textured disc with a bright rim on black."""
    y, x = np.mgrid[:size, :size]
    distance = np.hypot(y - size / 2 + 0.5, x - size / 2 + 0.5) / size
    texture = np.random.default_rng(0).uniform(0.3, 0.7, (n, 1, size, size))
    picture = np.where(distance < 0.4, texture, 0) + 0.3 * ((distance > 0.36) & (distance < 0.4))
    return torch.from_numpy(picture.astype(np.float32))


def _only(kind: str, images: Tensor, *values: float, strength: float | None = None) -> Tensor:
    """Return the images, all with one kind of artefact and given draws."""
    uniforms = np.ones((len(images), N_UNIFORMS), np.float32)
    columns = COLUMNS[kind]
    uniforms[:, columns.start] = 0
    uniforms[:, columns.start + 1 : columns.stop] = values
    chosen = STRENGTHS[kind] if strength is None else strength
    return degrade(images, uniforms, AugmentationSpec(artefact_chance=0.5, **{kind: chosen}))


def _line(images: Tensor) -> NDArray[np.float32]:
    return images[0, 0].numpy()


def test_ghosting_is_that_of_the_robustness_test() -> None:
    for axis, drawn in ((0, 0.2), (1, 0.8)):
        head = _head()
        # 0.5 of the way from 2 to 6 repetitions is 4; 0.6 of the strength 0.7.
        found = _line(_only("ghosting", head, drawn, 0.5, 0.6))
        lines = to_lines(_line(head), axis)
        number = np.arange(SIZE) - SIZE // 2
        weak = (number % 4 == 0) & (np.abs(number) > 0.01 * SIZE)
        strength = np.where(weak, 1 - 0.42, 1).astype(np.float32)
        weakened = lines * (strength[:, None] if axis == 0 else strength[None, :])
        expected = to_image(weakened, axis).clip(0, 1)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        assert np.abs(found - _line(head)).max() > 0.05


def test_fewer_pixels_are_those_of_averaging_and_interpolation() -> None:
    head = _head()
    # 1 / 3 of the way from 1 to 4 is 2: an even factor, which Pillow's filters have exactly.
    found = _line(_only("resolution", head, 1 / 3))
    small = Image.fromarray(_line(head)).resize((SIZE // 2,) * 2, Image.Resampling.BOX)
    expected = small.resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    np.testing.assert_allclose(found, np.asarray(expected), atol=1e-5)
    np.testing.assert_allclose(_line(_only("resolution", head, 0.0)), _line(head), atol=1e-6)
    # 40 pixels become 11 cells: brightness stays.
    odd = _only("resolution", head, 0.88)
    assert float(odd.mean()) == pytest.approx(float(head.mean()), rel=0.02)


@pytest.mark.parametrize("size", [40, 43])
@pytest.mark.parametrize("quality", [10, 50, 90])
def test_compression_is_that_of_a_jpeg_library(size: int, quality: int) -> None:
    head = _head(size=size)
    found = _line(_only("jpeg_quality", head, (quality - 10) / 85)) * 255
    file = io.BytesIO()
    Image.fromarray(np.rint(_line(head) * 255).astype(np.uint8)).save(file, "JPEG", quality=quality)
    with Image.open(file) as image:
        expected = np.asarray(image, np.float32)
    difference = np.abs(found - expected)
    # Its transform is of whole numbers, so a coefficient at the brink is rounded to the other side;
    # in the blocks cut by the border, filling is its own choice.
    whole = size // 8 * 8
    assert np.percentile(difference[:whole, :whole], 95) <= 2
    assert difference.mean() < 1
    if quality < 90:
        assert np.abs(expected - _line(head) * 255).mean() > 4 * difference.mean()


def test_a_head_that_moves_by_nothing_is_at_rest_and_one_that_moves_is_smeared() -> None:
    head = _head()
    still = [0.3, 0.1, 0.4, 0.6, 0.9] + [0.5] * 12
    np.testing.assert_allclose(_line(_only("motion", head, *still)), _line(head), atol=1e-5)
    moved = _line(_only("motion", head, *still[:5], *([1.0, 0.0, 0.7] * 4)))
    assert np.abs(moved - _line(head)).max() > 0.1
    # The image as a whole stays in place.
    y, x = np.mgrid[:SIZE, :SIZE]
    for axis in (y, x):
        before = (axis * _line(head)).sum() / _line(head).sum()
        assert (axis * moved).sum() / moved.sum() == pytest.approx(before, abs=1)
    down = _line(_only("motion", head.transpose(-1, -2), 0.7, *still[1:5], *([1.0, 0.0, 0.7] * 4)))
    assert np.abs(down - moved).max() > 0.01


def test_a_pose_turns_and_shifts_by_its_units() -> None:
    dot = torch.zeros(1, 1, 50, 50)
    dot[..., 24:26, 34:36] = 1
    shifted = artefacts._posed(dot, np.array([[0, 10, 0]], np.float32))
    # Ten per cent of fifty pixels.
    assert shifted[0, 0, 24, 29] > 0.9 or shifted[0, 0, 24, 39] > 0.9
    turned = artefacts._posed(dot, np.array([[90, 0, 0]], np.float32))
    assert max(turned[0, 0, 14, 24], turned[0, 0, 34, 24]) > 0.9


def test_each_slice_has_its_own_draws_and_the_chance_decides() -> None:
    images = _head(6)
    uniforms = np.random.default_rng(1).random((6, N_UNIFORMS), np.float32)
    spec = AugmentationSpec(artefact_chance=0.4, **STRENGTHS)
    together = degrade(images, uniforms, spec)
    for row in range(6):
        alone = degrade(images[row : row + 1], uniforms[row : row + 1], spec)
        torch.testing.assert_close(alone[0], together[row], atol=1e-5, rtol=0)
    untouched = [
        row
        for row in range(6)
        if all(uniforms[row, columns.start] >= 0.4 for columns in COLUMNS.values())
    ]
    same = [row for row in range(6) if torch.equal(together[row], images[row])]
    assert same == untouched
    assert len(same) < 6
    assert 0 <= float(together.min()) <= float(together.max()) <= 1


def test_what_is_switched_off_is_off() -> None:
    images = _head(3)
    uniforms = np.zeros((3, N_UNIFORMS), np.float32)
    assert torch.equal(degrade(images, uniforms, AugmentationSpec(artefact_chance=1)), images)


def test_mixed_precision_does_not_reach_it() -> None:
    images = _head(2)
    uniforms = np.full((2, N_UNIFORMS), 0.3, np.float32)
    spec = AugmentationSpec(artefact_chance=0.5, **STRENGTHS)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = degrade(images, uniforms, spec)
    assert torch.equal(mixed, degrade(images, uniforms, spec))
