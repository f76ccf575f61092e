"""Painted slices, and figures of readings whose worth is known."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from brainlens.bundle.load import load_bundle
from brainlens.evaluation.painting import CONDITIONS, WHOLE, Reading, paint, painting
from brainlens.imaging import Slice
from brainlens.inference.predictor import Predictor

SIDE = 120


def _head() -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.asarray(np.hypot(rows - 60, columns - 60) < 52, dtype=np.bool_)


def _lesion() -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.asarray(np.hypot((rows - 45) / 2, columns - 50) < 5, dtype=np.bool_)


def _slice() -> Slice:
    texture = np.random.default_rng(0).integers(80, 100, (SIDE, SIDE))
    image = np.where(_head(), texture, 0)
    image[_lesion()] = 240
    return Slice(image.astype(np.uint8), "png", spacing_mm=(0.5, 0.5))


def test_the_pair_of_fills_removes_the_lesion_or_something_else() -> None:
    slice_ = _slice()
    painted = paint(slice_, _lesion(), _head(), np.random.default_rng(0))
    assert painted is not None
    assert (WHOLE, *painted) == CONDITIONS
    assert painted["lesion_painted"].pixels.max() < 101
    assert painted["lesion_painted"].spacing_mm == (0.5, 0.5)
    control = painted["control_painted"].pixels
    assert np.array_equal(control[_lesion()], slice_.pixels[_lesion()])
    changed = control != slice_.pixels
    assert changed.any()
    assert not (changed & ~_head()).any()


def test_the_pair_of_shuffles_leaves_the_lesion_or_something_else_and_every_grey_value() -> None:
    slice_ = _slice()
    painted = paint(slice_, _lesion(), _head(), np.random.default_rng(0))
    assert painted is not None
    only = painted["only_lesion"].pixels
    assert np.array_equal(only[_lesion()], slice_.pixels[_lesion()])
    for condition in ("only_lesion", "only_control"):
        pixels = painted[condition].pixels
        assert np.array_equal(np.sort(pixels.ravel()), np.sort(slice_.pixels.ravel()))
        assert not pixels[~_head()].any()
        assert (pixels != slice_.pixels)[_head()].mean() > 0.5
    # With only the control left, the lesion's pixels are scattered over the head.
    assert (painted["only_control"].pixels[_lesion()] == 240).mean() < 0.3


def test_a_lesion_too_large_for_the_brain_finds_room_in_the_head_or_none() -> None:
    slice_ = _slice()
    side = _head() & (np.arange(SIDE) < 25)
    assert paint(slice_, side, _head(), np.random.default_rng(0)) is not None
    assert paint(slice_, _head(), _head(), np.random.default_rng(0)) is None


def _readings(**correct: int) -> dict[str, Reading]:
    return {
        c: Reading(bool(correct.get(c, 1)), bool(correct.get(c, 1)), 0.25 + 0.5 * correct.get(c, 1))
        for c in CONDITIONS
    }


def test_figures_of_known_readings() -> None:
    readings = [
        _readings(),
        _readings(lesion_painted=0, only_control=0),
        _readings(lesion_painted=0, only_control=0, only_lesion=0),
        None,
        _readings(lesion_painted=0, only_control=0, control_painted=0),
    ]
    found = painting(
        readings, ["a", "a", "b", "b", "a"], np.array([0, 0, 1, 2, 3]), ["a", "b", "c"]
    )
    assert (found.n_slices, found.n_unplaced, found.majority) == (4, 1, 0.75)
    accuracies = {c: f["accuracy"].value for c, f in found.conditions.items()}
    assert accuracies == {
        "whole": 1,
        "lesion_painted": 0.25,
        "control_painted": 0.75,
        "only_lesion": 0.75,
        "only_control": 0.25,
    }
    assert found.conditions["lesion_painted"]["probability"].value == pytest.approx(0.375)
    assert found.conditions["lesion_painted"]["answer_rate"].value == 0.25
    assert {name: ratio.value for name, ratio in found.differences.items()} == {
        "painting": 0.25,
        "lesion_removed": 0.5,
        "lesion_alone": 0.5,
    }
    assert found.by_class["b"]["only_lesion"].value == 0
    assert found.by_class["a"]["lesion_painted"].value == pytest.approx(1 / 3)
    assert found.by_class["c"]["whole"].value is None
    assert found.to_dict()["conditions"]["whole"]["accuracy"]["value"] == 1


def test_no_painted_slice_has_no_figures() -> None:
    found = painting([None], ["a"], np.array([0]), ["a", "b"])
    assert (found.n_slices, found.n_unplaced, found.majority) == (0, 1, None)
    assert found.conditions["whole"]["accuracy"].value is None


def test_a_reading_is_worth_what_the_answer_says(tiny_bundle: Path, ambiguous_png: bytes) -> None:
    predictor = Predictor(load_bundle(tiny_bundle))
    answer = predictor.predict(ambiguous_png)
    assert answer.predicted_class is not None
    assert answer.probabilities is not None
    right = Reading.of(answer, answer.predicted_class)
    assert right == Reading(True, False, max(answer.probabilities.values()))
    rejected = answer.model_copy(
        update={"status": "rejected", "predicted_class": None, "probabilities": None}
    )
    assert Reading.of(rejected, "alpha") == Reading(False, False, 0.0)
