import math

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from brainlens.training.augmentation import Draws, augment, augment_masks, draw
from brainlens.training.augmentation_spec import AugmentationSpec
from brainlens.training.mr_artefacts import CROP, N_UNIFORMS, PADDING

SIZE = 33
NOTHING = AugmentationSpec(
    rotation_degrees=0, scale=0, shift=0, flip=0, gain=0, gamma=0, bias_field=0, noise=0
)


def _only(**ranges: float) -> AugmentationSpec:
    return NOTHING.model_copy(update=ranges)


def _draws(**values: float) -> Draws:
    """One slice's draws: 0.5 is no change for all that goes both ways."""
    names = ("rotation", "scale", "x", "y", "flip", "gain", "gamma", "noise", "field_x")
    uniforms = np.full((1, 13), 0.5, np.float32)
    for name, value in values.items():
        uniforms[0, names.index(name)] = value
    noise = np.ones((1, SIZE, SIZE), np.float32)
    return Draws(uniforms, noise, np.ones((1, N_UNIFORMS), np.float32))


def _dot(row: int, column: int) -> Tensor:
    """A bright blob that survives interpolation."""
    image = torch.zeros(1, 1, SIZE, SIZE)
    image[0, 0, row - 1 : row + 2, column - 1 : column + 2] = 1
    return image


def _centre(image: Tensor) -> tuple[float, float]:
    weights = image[0, 0] / image.sum()
    axis = torch.arange(SIZE, dtype=torch.float32)
    return float((weights.sum(1) * axis).sum()), float((weights.sum(0) * axis).sum())


def _near(found: tuple[float, float], expected: tuple[float, float]) -> bool:
    return math.dist(found, expected) < 0.1


def test_no_ranges_change_nothing() -> None:
    images = torch.rand(4, 1, SIZE, SIZE)
    changed = augment(images, draw(0, 0, np.arange(4), SIZE), NOTHING)
    assert torch.allclose(changed, images, atol=1e-5)


def test_a_quarter_turn() -> None:
    turned = augment(_dot(16, 26), _draws(rotation=1.0), _only(rotation_degrees=90))
    assert _near(_centre(turned), (6, 16)) or _near(_centre(turned), (26, 16))


def test_flip_is_left_to_right() -> None:
    assert _near(_centre(augment(_dot(10, 26), _draws(flip=0.4), _only(flip=0.5))), (10, 6))
    assert _near(_centre(augment(_dot(10, 26), _draws(flip=0.6), _only(flip=0.5))), (10, 26))


def test_a_flip_and_a_turn_go_together() -> None:
    spec = _only(flip=0.5, rotation_degrees=90)
    both = augment(_dot(10, 26), _draws(flip=0.0, rotation=1.0), spec)
    # Distance from the middle is kept, and it is another place than either alone gives.
    assert abs(math.dist(_centre(both), (16, 16)) - math.dist((10, 26), (16, 16))) < 0.1


def test_shift_is_a_share_of_the_side() -> None:
    moved = augment(_dot(16, 16), _draws(x=1.0), _only(shift=0.1))
    assert _near(_centre(moved), (16, 16 - 0.1 * SIZE))


def test_scale_enlarges() -> None:
    larger = augment(_dot(16, 26), _draws(scale=1.0), _only(scale=0.2))
    assert _near(_centre(larger), (16, 16 + 10 * 1.2))


def test_gain_gamma_noise_and_field() -> None:
    grey = torch.full((1, 1, SIZE, SIZE), 0.25)
    gain = augment(grey, _draws(gain=1.0), _only(gain=0.1))
    assert torch.allclose(gain, torch.tensor(0.275), atol=1e-5)
    gamma = augment(grey, _draws(gamma=0.0), _only(gamma=0.5))
    assert torch.allclose(gamma, torch.tensor(0.5), atol=1e-5)
    noisy = augment(grey, _draws(noise=1.0), _only(noise=0.1))
    assert torch.allclose(noisy, torch.tensor(0.35), atol=1e-5)
    field = augment(grey, _draws(field_x=1.0), _only(bias_field=0.5))[0, 0]
    assert torch.allclose(field[0], field[-1])
    assert torch.all(field[0].diff() > 0)
    assert 0.25 * 0.5 <= field.min() < field.max() <= 0.25 * 1.5


@given(
    seed=st.integers(0, 2**32 - 1),
    epoch=st.integers(0, 1000),
    indices=st.lists(st.integers(0, 2**20), min_size=1, max_size=4, unique=True),
)
def test_values_depend_on_seed_epoch_and_slice_alone(
    seed: int, epoch: int, indices: list[int]
) -> None:
    together = draw(seed, epoch, np.array(indices), 8)
    for row, index in enumerate(indices):
        alone = draw(seed, epoch, np.array([index]), 8)
        np.testing.assert_array_equal(alone.uniforms[0], together.uniforms[row])
        np.testing.assert_array_equal(alone.noise[0], together.noise[row])
        np.testing.assert_array_equal(alone.artefacts[0], together.artefacts[row])


def test_values_differ_between_seeds_epochs_and_slices() -> None:
    keys = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    draws = {draw(s, e, np.array([i]), 8).uniforms.tobytes() for s, e, i in keys}
    assert len(draws) == len(keys)


@given(seed=st.integers(0, 100))
def test_grey_values_stay_in_range(seed: int) -> None:
    images = torch.rand(2, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(seed))
    changed = augment(images, draw(seed, 0, np.arange(2), SIZE), AugmentationSpec())
    assert changed.shape == images.shape
    assert 0 <= float(changed.min()) <= float(changed.max()) <= 1


def test_moving_a_slice_does_not_blur_it() -> None:
    generator = torch.Generator().manual_seed(0)
    # Texture as fine as that of a resized slice: neighbours differ, yet are related.
    noise = torch.rand(16, 1, 2 * SIZE, 2 * SIZE, generator=generator)
    images = torch.nn.functional.avg_pool2d(noise, 3, stride=1)[..., ::2, ::2]
    images = images[..., :SIZE, :SIZE].contiguous()
    spec = _only(rotation_degrees=15, shift=0.06)
    moved = augment(images, draw(0, 0, np.arange(16), SIZE), spec)

    def roughness(batch: Tensor) -> float:
        return float(batch[..., 8:-8, 8:-8].diff(dim=-1).std())

    assert roughness(moved) > 0.8 * roughness(images)


@given(seed=st.integers(0, 1000))
def test_masks_move_with_their_images(seed: int) -> None:
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[:SIZE, :SIZE]
    blobs = [np.hypot(y - row, x - column) < 6 for row, column in generator.uniform(9, 24, (3, 2))]
    masks = torch.from_numpy(np.stack(blobs)[:, None].astype(np.uint8))
    draws = draw(seed, 1, np.arange(3), SIZE)
    spec = AugmentationSpec(
        noise=0, gain=0, gamma=0, bias_field=0, artefact_chance=0.7, crop=0.3, padding=0.2
    )
    images = augment(masks.float(), draws, spec)
    moved = augment_masks(masks, draws, spec)
    assert set(moved.flatten().tolist()) <= {0.0, 1.0}
    for image, mask in zip(images > 0.5, moved > 0, strict=True):
        # Bicubic and bilinear differ by a pixel of the rim here and there.
        assert (image ^ mask).sum() <= 2 + 0.1 * mask.sum()


def _framing(**values: float) -> Draws:
    """Draws of a crop or a border alone; a crop has shares of x and y cut and places."""
    draws = _draws()
    at = {"x": CROP.start + 1, "y": CROP.start + 2, "left": CROP.start + 3, "top": CROP.start + 4}
    for name, column in at.items():
        draws.artefacts[0, column] = values.get(name, 0.5)
    draws.artefacts[0, CROP.start] = 0 if {"x", "y"} & set(values) else 1
    draws.artefacts[0, PADDING.start : PADDING.stop] = (
        (0, values["border"]) if "border" in values else (1, 0)
    )
    return draws


def test_a_border_shrinks_the_slice_into_darkness() -> None:
    spec = _only(artefact_chance=0.5, padding=0.5)
    grey = torch.full((1, 1, SIZE, SIZE), 0.5)
    padded = augment(grey, _framing(border=1.0), spec)[0, 0]
    # Half the side on each side: what was the slice fills the middle half.
    bright = padded > 0.25
    assert bright.sum() == 17 * 17
    assert bool(bright[8:25, 8:25].all())
    assert padded[:8].max() < 1e-5
    assert _near(_centre(augment(_dot(16, 26), _framing(border=1.0), spec)), (16, 21))


def test_a_crop_enlarges_what_is_left_and_keeps_its_shape() -> None:
    spec = _only(artefact_chance=0.5, crop=0.4)
    grey = torch.full((1, 1, SIZE, SIZE), 0.5)
    # A quarter of the width away, nothing of the height: dark at both sides, as preprocess pads.
    narrow = augment(grey, _framing(x=0.625, y=0.0), spec)[0, 0]
    assert narrow[:, :4].max() < 1e-5
    assert narrow[:, 5:28].min() > 0.4
    # Two fifths of both, cut away at the left and the top: the far corner stays in its corner.
    both = augment(_dot(31, 31), _framing(x=1.0, y=1.0, left=1.0, top=1.0), spec)
    assert both.sum() > 2 * 9
    row, column = _centre(both)
    assert row == column
    assert abs(row - (SIZE - 1.5 / 0.6 - 0.5)) < 0.3


def test_no_chance_of_artefacts_takes_no_notice_of_strengths() -> None:
    images = torch.rand(4, 1, SIZE, SIZE)
    draws = draw(0, 0, np.arange(4), SIZE)
    strong = AugmentationSpec(
        crop=0.5, padding=1, motion=9, ghosting=1, resolution=4, jpeg_quality=5
    )
    assert torch.equal(augment(images, draws, strong), augment(images, draws, AugmentationSpec()))


def test_draws_from_before_artefacts_are_unchanged() -> None:
    generator = np.random.Generator(np.random.Philox(key=[3, (2 << 32) | 5]))
    found = draw(3, 2, np.array([5]), SIZE)
    np.testing.assert_array_equal(found.uniforms[0], generator.random(13, dtype=np.float32))
    noise = generator.standard_normal((SIZE, SIZE), dtype=np.float32)
    np.testing.assert_array_equal(found.noise[0], noise)
