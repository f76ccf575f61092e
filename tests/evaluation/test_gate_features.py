"""What gates measure, of slices as they are and of changed copies."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from brainlens.bundle import load_bundle
from brainlens.datasets.manifest import Row
from brainlens.datasets.phantom import write_phantoms
from brainlens.evaluation.gate_features import gate_features
from brainlens.evaluation.gate_view import CHANGED_TOO
from brainlens.evaluation.slice_file import read_slice
from brainlens.evaluation.slice_rng import slice_rng
from brainlens.imaging import Slice
from brainlens.inference.gates.image_sanity import ImageSanity


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Slice:
    manifest = write_phantoms(tmp_path_factory.mktemp("phantoms") / "set", 33, 1, size=128)
    return read_slice(manifest.rows[0].path)


def test_changed_slices_are_cut_coarser_and_stripped(head: Slice) -> None:
    rng = np.random.default_rng(0)
    whole, stripped = CHANGED_TOO
    cut, coarse = (change(head, rng) for change in whole.changes)
    (brain,) = (change(head, rng) for change in stripped.changes)
    assert (whole.unchanged, stripped.unchanged) == (True, False)
    assert 0.75 * head.width <= cut.width < head.width
    assert head.width / 4 <= coarse.width < head.width
    assert brain.pixels.shape == head.pixels.shape
    dark = brain.pixels == brain.pixels.min()
    assert 0.3 < np.mean(dark) < 0.95
    assert np.array_equal(brain.pixels[~dark], head.pixels[~dark])


def test_a_view_holds_its_copies_and_says_which_they_are(
    tiny_bundle: Path, tmp_path: Path, slice_png: Callable[..., bytes]
) -> None:
    rows = []
    for i in range(2):
        path = tmp_path / f"{i}.png"
        path.write_bytes(slice_png(i, seed=i))
        rows.append(Row(path, "alpha", f"p{i}"))
    bundle, sanity = load_bundle(tiny_bundle), ImageSanity()
    plain = gate_features(bundle, rows, ("thumbnail",), sanity)
    whole, stripped = (
        gate_features(bundle, rows, ("thumbnail",), sanity, view=view) for view in CHANGED_TOO
    )
    assert whole.changed.tolist() == [False, True, True] * 2
    assert whole.groups == ("p0",) * 3 + ("p1",) * 3
    assert stripped.changed.tolist() == [True, True]
    given = whole.as_they_are()
    assert np.array_equal(given.by_depth["thumbnail"], plain.by_depth["thumbnail"])
    assert (given.groups, given.findings) == (plain.groups, plain.findings)
    assert len(stripped.as_they_are()) == 0
    # What is drawn depends on the slice alone.
    alone = gate_features(bundle, rows[1:], ("thumbnail",), sanity, view=CHANGED_TOO[0])
    assert np.array_equal(alone.by_depth["thumbnail"], whole.by_depth["thumbnail"][3:])


def test_the_same_slice_is_changed_alike(head: Slice) -> None:
    crop = CHANGED_TOO[0].changes[0]
    one, other = (crop(head, slice_rng(head, "gate view")) for _ in range(2))
    assert np.array_equal(one.pixels, other.pixels)
