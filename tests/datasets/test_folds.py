from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from brainlens.datasets.folds import Protocol, deal, hold_out
from brainlens.datasets.manifest import Manifest, Row
from brainlens.datasets.split_check import check_split
from brainlens.errors import DataError, UsageError

ROOT = Path("/data")


def slices(*, patients: int = 20, folds: int | None = None) -> Manifest:
    """Return patients of two classes with 2 to 6 slices each."""
    rows = [
        Row(
            ROOT / label / f"{p}-{i}.png",
            label,
            patient=f"{label}{p}",
            fold=None if folds is None else p % folds + 1,
            sha256=f"{label}{p}-{i}",
            pixel_sha256=f"{label}{p}-{i}",
        )
        for label in ("a", "b")
        for p in range(patients)
        for i in range(2 + p % 5)
    ]
    return Manifest(ROOT, tuple(rows))


def test_grouped_folds_test_every_patient_once_and_cut_validation_by_patients() -> None:
    dealt = deal(slices(), "grouped", seed=3)
    tested: Counter[str] = Counter()
    for fold in range(1, 6):
        parts = hold_out(dealt, fold, val_fraction=0.2, seed=3)
        assert parts.protocol == "grouped"
        assert check_split(parts).status == "clean"
        assert {row.split for row in parts.rows} == {"train", "val", "test"}
        tested.update({row.patient for row in parts.rows if row.split == "test"})
    assert set(tested.values()) == {1}
    assert len(tested) == 40


def test_grouped_takes_the_number_of_official_folds_but_not_the_folds() -> None:
    manifest = slices(folds=4)
    dealt = deal(manifest, "grouped")
    assert {row.fold for row in dealt.rows} == {1, 2, 3, 4}
    assert [row.fold for row in dealt.rows] != [row.fold for row in manifest.rows]


def test_official_folds_are_kept() -> None:
    rows = slices(folds=4).rows
    # A split made before, whatever it was, does not count.
    split = (replace(row, split="test", protocol="grouped") for row in rows)
    manifest = Manifest(ROOT, tuple(split))
    dealt = deal(manifest, "official")
    assert [row.fold for row in dealt.rows] == [row.fold for row in manifest.rows]
    parts = hold_out(dealt, 2, val_fraction=0.2)
    assert parts.protocol == "official"
    assert {row.fold for row in parts.rows if row.split == "test"} == {2}


def test_random_folds_separate_slices_of_a_patient_everywhere() -> None:
    dealt = deal(slices(), "random")
    parts = hold_out(dealt, 1, val_fraction=0.2)
    assert parts.protocol == "random"
    assert check_split(parts).status == "leaky"
    sides = defaultdict(set)
    for row in parts.rows:
        sides[row.patient].add(row.split)
    # Validation leaks as the test does: that is what such a protocol shows.
    assert any({"train", "val"} <= found for found in sides.values())
    assert any({"train", "test"} <= found for found in sides.values())
    assert len(parts.select(split="val")) == pytest.approx(0.2 * 0.8 * len(parts), abs=3)


def test_the_seed_decides_and_the_order_of_rows_does_not() -> None:
    manifest = slices()
    backwards = manifest.with_rows(reversed(manifest.rows))
    protocols: tuple[Protocol, ...] = ("grouped", "random")
    for protocol in protocols:
        one = {r.path: r.fold for r in deal(manifest, protocol, seed=1).rows}
        assert one == {r.path: r.fold for r in deal(backwards, protocol, seed=1).rows}
        assert one != {r.path: r.fold for r in deal(manifest, protocol, seed=2).rows}


def test_no_official_folds() -> None:
    with pytest.raises(DataError, match="0 folds") as caught:
        deal(slices(), "official")
    assert "--protocol grouped" in caught.value.hint


def test_another_number_than_the_official_one() -> None:
    with pytest.raises(DataError, match="4 folds, not 5") as caught:
        deal(slices(folds=4), "official", k=5)
    assert "--folds" in caught.value.hint


@pytest.mark.parametrize("protocol", ["grouped", "random"])
def test_one_fold_is_none(protocol: Protocol) -> None:
    with pytest.raises(UsageError, match="at least 2"):
        deal(slices(), protocol, k=1)


def test_a_fold_that_is_not_there() -> None:
    with pytest.raises(DataError, match="fold 9"):
        hold_out(deal(slices(), "grouped"), 9, val_fraction=0.2)
