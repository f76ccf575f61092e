import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainlens.datasets.audit.descriptor import SIDE, Thumbnail, thumbnail
from brainlens.datasets.audit.orientation import COUNT, inverse, oriented
from brainlens.datasets.audit.registration import Change, Registration, refine, register

from .heads import CHANGES, Pixels, as_slice, head


def _thumbnail(pixels: Pixels) -> Thumbnail:
    return thumbnail(as_slice(pixels))


def _best(first: Thumbnail, second: Thumbnail, orientation: int = 0) -> Registration | None:
    coarse = register(first, second, orientation)
    return None if coarse is None else refine(first, second, coarse)


def _laid(first: Pixels, second: Pixels) -> Registration:
    found = _best(_thumbnail(first), _thumbnail(second))
    assert found is not None
    return found


def test_an_image_lies_over_itself() -> None:
    found = _laid(head(0), head(0))
    assert found.correlation == pytest.approx(1)
    assert found.displacement == pytest.approx(0, abs=1e-3)
    assert found.change.scale == pytest.approx(1, abs=1e-3)


def test_a_turn_is_measured_counter_clockwise() -> None:
    found = _laid(head(1), CHANGES["turned"](head(1)))
    assert found.correlation > 0.98
    assert found.change.turn == pytest.approx(5, abs=0.3)
    assert not found.change.mirrored
    assert found.change.scale == pytest.approx(1, abs=0.01)


def test_a_crop_shows_the_head_larger() -> None:
    found = _laid(head(1), head(1)[8:-8, 8:-8])
    assert found.correlation > 0.98
    assert found.change.scale == pytest.approx(128 / 112, abs=0.01)
    assert found.displacement == pytest.approx(math.sqrt(2) * 8 / 112, abs=0.01)


@pytest.mark.parametrize(
    ("change", "mirrored", "turn"),
    [
        ("mirrored", True, 0),
        ("upside down", True, 180),
        ("quarter turn", False, 90),
        ("half turn", False, 180),
        ("mirrored quarter turn", True, 90),
    ],
)
def test_orientations_are_named(change: str, mirrored: bool, turn: float) -> None:
    changed = CHANGES[change](head(2))
    found = [_best(_thumbnail(head(2)), _thumbnail(changed), o) for o in range(COUNT)]
    best = max((f for f in found if f is not None), key=lambda f: f.correlation)
    assert best.correlation > 0.99
    assert best.change.mirrored == mirrored
    assert abs(best.change.turn) == pytest.approx(turn, abs=0.5)
    assert math.cos(math.radians(best.change.turn - turn)) == pytest.approx(1, abs=1e-3)
    assert best.displacement == math.inf


def test_another_patient_agrees_less_than_any_copy() -> None:
    found = _best(_thumbnail(head(3)), _thumbnail(head(4)))
    assert found is None or found.correlation < 0.9


def test_the_coarse_leads_near_the_fine() -> None:
    first, second = _thumbnail(head(1)), _thumbnail(CHANGES["turned"](head(1)[5:, 7:]))
    coarse = register(first, second, 0)
    assert coarse is not None
    fine = refine(first, second, coarse)
    assert fine is not None
    assert coarse.correlation > 0.9
    assert np.abs(coarse.matrix - fine.matrix).max() < 0.03
    assert fine.correlation > 0.98


def test_noise_leads_nowhere_and_raises_nothing() -> None:
    chance = np.random.default_rng(1)
    for _ in range(20):
        first, second = (chance.integers(0, 256, (SIDE, SIDE)).astype(np.uint8) for _ in range(2))
        found = _best(first, second)
        assert found is None or found.correlation < 0.9


def test_images_of_a_single_bright_spot_can_be_laid_over_each_other() -> None:
    first, second = np.zeros((2, SIDE, SIDE), np.uint8)
    first[10:13, 10:13] = second[80:83, 80:83] = 255
    found = _best(first, second)
    assert found is None or -1 <= found.correlation <= 1


@given(
    mirrored=st.booleans(),
    turn=st.floats(-179, 180),
    scale=st.floats(0.5, 2),
)
def test_a_change_is_read_off_its_map_and_its_inverse_off_the_inverse(
    mirrored: bool, turn: float, scale: float
) -> None:
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    flip = -1.0 if mirrored else 1.0
    linear = scale * np.array([[c * flip, s], [-s * flip, c]])
    change = Change.of(linear)
    assert change.mirrored == mirrored
    assert change.turn == pytest.approx(turn, abs=1e-6)
    assert change.scale == pytest.approx(scale)
    back = Change.of(np.linalg.inv(linear).astype(np.float64))
    assert back.mirrored == change.inverse.mirrored
    assert math.cos(math.radians(back.turn - change.inverse.turn)) == pytest.approx(1)
    assert back.scale == pytest.approx(change.inverse.scale)


def test_a_half_turn_is_180_degrees_on_either_side() -> None:
    assert Change.of(-np.eye(2)).turn == 180
    assert Change.of(-np.eye(2)).inverse.turn == 180


@pytest.mark.parametrize("orientation", range(COUNT))
def test_a_registration_tells_the_change_of_its_orientation(orientation: int) -> None:
    first = _thumbnail(head(6))
    undone = int(inverse(np.array([orientation], np.int8))[0])
    second = np.ascontiguousarray(oriented(first, undone))
    found = _best(first, second, orientation)
    assert found is not None
    assert found.correlation == pytest.approx(1)
    assert found.change.mirrored == (orientation.bit_count() % 2 == 1)
