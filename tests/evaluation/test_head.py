"""Head and brain of drawn heads whose outlines are known."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from brainlens.datasets.phantom import PhantomSet
from brainlens.evaluation.head import beyond, brain_mask, head_mask, within


def _disc(side: int, radius: float, centre: tuple[float, float] | None = None) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:side, :side]
    y, x = centre or (side / 2 - 0.5, side / 2 - 0.5)
    return np.asarray(np.hypot(rows - y, columns - x) <= radius, dtype=np.bool_)


def _drawn(side: int = 256) -> tuple[NDArray[np.uint8], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return a bright scalp, a dark skull and a grey brain with a black ventricle."""
    unit = side / 256
    head, skull, brain = (_disc(side, r * unit) for r in (100, 92, 80))
    image = np.zeros((side, side), np.uint8)
    image[head], image[skull], image[brain] = 230, 12, 110
    image[_disc(side, 10 * unit)] = 0
    image[_disc(side, 9 * unit, (side * 0.35, side * 0.4))] = 250
    return image, head, brain


def _overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Return the Dice coefficient."""
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


@pytest.mark.parametrize("side", [128, 256, 700])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_head_and_brain_of_a_drawn_head_are_found_at_any_size_and_depth(
    side: int, kind: type[Any]
) -> None:
    image, head, brain = _drawn(side)
    pixels = image.astype(kind) * kind(200 if kind is np.uint16 else 1)
    assert head_mask(pixels).shape == (side, side)
    assert _overlap(head_mask(pixels), head) > 0.97
    found = brain_mask(pixels)
    assert _overlap(found, brain) > 0.95
    assert not (found & ~head_mask(pixels)).any()
    assert found[side // 2, side // 2], "the ventricle is filled"


def test_what_lies_outside_the_head_is_no_head() -> None:
    image, _, _ = _drawn()
    image[5:15, 5:15] = 255
    assert not head_mask(image)[:20, :20].any()


def test_a_blank_slice_has_neither() -> None:
    blank = np.full((40, 60), 7, np.uint8)
    assert not head_mask(blank).any()
    assert not brain_mask(blank).any()


def test_where_no_brain_parts_from_the_scalp_a_rim_is_taken_off() -> None:
    image = np.where(_disc(256, 100), 200, 0).astype(np.uint8)
    for start in range(0, 256, 24):
        image[start : start + 10] //= 9
        image[:, start : start + 10] //= 9
    image[_disc(256, 100) & ~_disc(256, 97)] = 200
    found = brain_mask(image)
    assert _overlap(found, _disc(256, 100 - 0.08 * 200)) > 0.95


def test_phantoms_lesions_lie_in_the_head_and_mostly_in_the_brain() -> None:
    phantoms = PhantomSet(3, 128)
    shares = []
    for index in range(0, 120, 5):
        phantom = phantoms.slice(index)
        if phantom.mask.any():
            shares.append(head_mask(phantom.image)[phantom.mask].mean())
    assert len(shares) > 10
    assert np.mean(shares) > 0.97


def test_distances_are_those_of_a_brute_force_search() -> None:
    rng = np.random.default_rng(0)
    mask = rng.random((14, 17)) < 0.6
    ys, xs = np.nonzero(mask)
    outside = np.argwhere(~np.pad(mask, 1)) - 1
    for row in range(14):
        for column in range(17):
            near = np.hypot(ys - row, xs - column).min()
            away = np.hypot(outside[:, 0] - row, outside[:, 1] - column).min()
            assert beyond(mask, 1.5)[row, column] == (near <= 1.5)
            assert within(mask, 1.2)[row, column] == (away > 1.2)
    assert not beyond(np.zeros((4, 4), np.bool_), 3).any()
