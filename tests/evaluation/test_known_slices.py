"""Which slices can be right or wrong, and whose they are."""

from dataclasses import replace
from pathlib import Path

import pytest

from brainlens.bundle.load import Bundle, load_bundle
from brainlens.datasets.manifest import Manifest, Row
from brainlens.errors import DataError, UsageError
from brainlens.evaluation.known_slices import known_slices, n_patients, units

ROWS = (
    Row(Path("/a"), "alpha", "p1", split="test"),
    Row(Path("/b"), "folder_beta", "p2", split="test"),
    Row(Path("/c"), "second", "p1", split="test"),
    Row(Path("/d"), "delta", "p3", split="test"),
    Row(Path("/e"), "", "p4", split="test"),
    Row(Path("/f"), "alpha", "p5", split="train"),
)


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Path) -> Bundle:
    return load_bundle(tiny_bundle)


def test_truth_is_found_by_id_alias_and_map_and_the_rest_is_counted(bundle: Bundle) -> None:
    found = known_slices(bundle, Manifest(Path("/"), ROWS), "test", {"second": "gamma"})
    assert found.truth == ("alpha", "beta", "gamma")
    assert found.rows == ROWS[:3]
    assert (found.n_unlabelled, found.unmatched) == (1, {"delta": 1})


def test_a_manifest_without_splits_is_a_test_set(bundle: Bundle) -> None:
    bare = Manifest(Path("/"), tuple(replace(row, split="") for row in ROWS))
    assert len(known_slices(bundle, bare).rows) == 3
    with pytest.raises(DataError, match="No slice of the split val"):
        known_slices(bundle, bare, "val")


def test_nothing_known_and_a_map_to_nowhere_are_said(bundle: Bundle) -> None:
    manifest = Manifest(Path("/"), ROWS[3:5])
    with pytest.raises(DataError, match=r"after the classes: alpha, beta, gamma"):
        known_slices(bundle, manifest)
    with pytest.raises(UsageError, match="The map does not fit"):
        known_slices(bundle, manifest, "test", {"delta": "omega"})


def test_units_are_patients_then_groups_then_slices() -> None:
    rows = (
        Row(Path("/a"), patient="p", group="g"),
        Row(Path("/b"), group="g"),
        Row(Path("/c")),
        Row(Path("/d"), patient="p"),
        Row(Path("/e"), group="g"),
    )
    assert units(rows).tolist() == [0, 1, 2, 0, 1]
    assert n_patients(rows) is None
    assert n_patients(rows[:1] + rows[3:4]) == 1
    assert n_patients(()) is None
