"""Robustness through the real predictor: flips move the tiny bundle's quadrants about."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brainlens.bundle.load import Bundle, load_bundle
from brainlens.datasets.manifest import Manifest, Row
from brainlens.errors import DataError, UsageError
from brainlens.evaluation.evaluate import evaluate
from brainlens.evaluation.robustness.brightness import BRIGHTNESS
from brainlens.evaluation.robustness.families import FAMILIES
from brainlens.evaluation.robustness.flip import FLIP
from brainlens.evaluation.robustness.noise import NOISE
from brainlens.evaluation.robustness.run import robustness
from brainlens.imaging import Slice
from brainlens.inference.predictor import Predictor

CLASSES = ("alpha", "beta", "gamma")


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Path) -> Bundle:
    return load_bundle(tiny_bundle)


@pytest.fixture
def make(tmp_path: Path, slice_png: Callable[..., bytes]) -> Callable[..., Row]:
    def row(label: str, name: str, patient: str = "") -> Row:
        path = tmp_path / f"{name}.png"
        path.write_bytes(slice_png(CLASSES.index(label), seed=len(list(tmp_path.iterdir()))))
        return Row(path, label, patient or name)

    return row


def test_figures_are_those_of_the_quadrants_that_flips_move(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row]
) -> None:
    # Alpha is top left, beta top right, gamma bottom left.
    rows = (*(make("alpha", f"a{i}") for i in range(2)), make("gamma", "g"), make("beta", "b"))
    found = robustness(bundle, Manifest(tmp_path, rows), families=(FLIP, BRIGHTNESS))
    assert [family.name for family in found.families] == ["flip", "brightness"]
    plain = found.unchanged
    assert (plain["accuracy"].value, plain["answer_rate"].value) == (1, 1)
    assert plain["accuracy"].interval == pytest.approx((0.025**0.25, 1))
    assert "change" not in plain
    mirrored, upside_down, both = (grade.figures for grade in found.families[0].grades)
    predictor = Predictor(bundle)
    for figures, axes in ((mirrored, 1), (upside_down, 0), (both, (0, 1))):
        right = 0
        for row in rows:
            pixels = np.flip(np.asarray(Image.open(row.path)), axes)
            right += predictor.predict_slice(Slice(pixels, "png")).predicted_class == row.label
        assert figures["accuracy"].value == right / 4
        assert figures["change"].value == right / 4 - 1
        assert right < 2
    # What lands in the quadrant of no class is not answered: gamma here, beta there, alpha last.
    assert mirrored["answer_rate"].value == 0.75
    assert upside_down["answer_rate"].value == 0.75
    assert both["answer_rate"].value == 0.5
    assert mirrored["answered_accuracy"].value == 0
    assert (found.n_slices, found.n_patients, found.majority) == (4, 4, 0.5)


def test_the_unchanged_slices_are_those_of_an_evaluation(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row], ambiguous_png: bytes
) -> None:
    rows = [make(c, f"{c}{i}") for c in CLASSES for i in range(2)]
    (tmp_path / "unsure.png").write_bytes(ambiguous_png)
    rows.append(Row(tmp_path / "unsure.png", "beta", "u"))
    manifest = Manifest(tmp_path, tuple(rows))
    found = robustness(bundle, manifest, families=(FLIP,))
    measured = evaluate(bundle, manifest).all
    assert found.unchanged["accuracy"].value == measured.value("accuracy")
    assert found.unchanged["answer_rate"].value == measured.value("confident")
    assert found.unchanged["answered_accuracy"].value == measured.value("confident_accuracy")


def test_workers_change_nothing_and_progress_and_json_hold(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row]
) -> None:
    manifest = Manifest(tmp_path, tuple(make(c, c) for c in CLASSES))
    told: list[tuple[int, int]] = []
    one = robustness(
        bundle, manifest, "test", lambda done, total: told.append((done, total)), workers=1
    )
    assert told == [(1, 3), (2, 3), (3, 3)]
    many = robustness(bundle, manifest, workers=3)
    assert one == many
    as_json = one.to_dict()
    assert json.loads(json.dumps(as_json, allow_nan=False)) == as_json
    assert len(one.rows) == 1 + sum(len(family.grades) for family in FAMILIES)
    assert {len(row) for row in one.rows} == {6}
    assert one.rows[0][:2] == ("unchanged", "")
    assert ("flip", "both") in {row[:2] for row in one.rows}


def test_a_part_of_the_slices_is_taken_evenly(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row]
) -> None:
    rows = tuple(make(c, f"{c}{i}") for c in CLASSES for i in range(4))
    found = robustness(bundle, Manifest(tmp_path, rows), families=(NOISE,), at_most=3)
    assert (found.n_slices, found.n_available) == (3, 12)
    assert found.majority == pytest.approx(1 / 3)
    everything = robustness(bundle, Manifest(tmp_path, rows), families=(NOISE,), at_most=50)
    assert everything.n_slices == 12
    with pytest.raises(UsageError, match="0 slices show nothing"):
        robustness(bundle, Manifest(tmp_path, rows), at_most=0)


def test_slices_that_cannot_be_read_are_counted(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row]
) -> None:
    good, bad, gone = make("alpha", "good"), make("beta", "bad"), make("gamma", "gone")
    bad.path.write_bytes(b"no image")
    gone.path.unlink()
    found = robustness(bundle, Manifest(tmp_path, (good, bad, gone)), families=(FLIP,))
    assert found.n_slices == 1
    assert [path for path, _ in found.failures] == ["bad.png", "gone.png"]
    assert found.unchanged["accuracy"].interval is None
    with pytest.raises(DataError, match=r"None of the 1 images.*not_an_image"):
        robustness(bundle, Manifest(tmp_path, (bad,)), families=(FLIP,))
