from collections.abc import Callable
from pathlib import Path

import pytest

from brainlens.bundle import load_bundle
from brainlens.datasets.manifest import Manifest, Row
from brainlens.words import DISCLAIMER

from .conftest import Command


@pytest.fixture
def split_set(tmp_path: Path, slice_png: Callable[..., bytes]) -> Path:
    rows = []
    for split, n in (("train", 24), ("val", 102)):
        for i in range(n):
            path = tmp_path / "images" / f"{split}-{i}.png"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(slice_png(i % 3, seed=i + 1000 * n))
            label = ("alpha", "beta", "gamma")[i % 3]
            rows.append(Row(path, label, f"{split}-{i // 3}", split=split))
    Manifest(tmp_path, tuple(rows)).save(tmp_path / "manifest.csv")
    return tmp_path / "manifest.csv"


def test_gates_are_fitted_and_told(
    brainlens: Command, tiny_bundle: Path, split_set: Path, tmp_path: Path
) -> None:
    out = tmp_path / "gated"
    said = brainlens("gates", tiny_bundle, "--data", split_set, "--out", out)
    assert said.status == 0, said.err
    assert "of 102 calibration slices of 34 patients" in said.out
    info = load_bundle(out).info
    assert info.decision_sha256 in said.out
    assert DISCLAIMER in said.out
    assert [gate["gate"] for gate in info.gates] == ["image_sanity", "distance", "distance"]
    predicted = brainlens("predict", split_set.parent / "images" / "val-0.png", "--bundle", out)
    assert predicted.status == 0


def test_changed_slices_may_be_its_own_too(
    brainlens: Command, tiny_bundle: Path, split_set: Path, tmp_path: Path
) -> None:
    out = tmp_path / "gated"
    said = brainlens("gates", tiny_bundle, "--data", split_set, "--out", out, "--changed-too")
    assert said.status == 0, said.err
    # The rate is of slices as they are, however many copies were looked at.
    assert "of 102 calibration slices of 34 patients" in said.out
    assert [gate.get("views") for gate in load_bundle(out).info.gates] == [None, 2, 2]
    assert "stripped of their skull are taken for its own" in said.out


def test_what_cannot_be_fitted_is_said(
    brainlens: Command, tiny_bundle: Path, split_set: Path, tmp_path: Path
) -> None:
    said = brainlens(
        "gates", tiny_bundle, "--data", split_set, "--out", tmp_path / "x", "--rate", "0.005"
    )
    assert said.status == 2
    assert "200 calibration slices or more" in said.err
