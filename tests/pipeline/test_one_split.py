from dataclasses import replace
from pathlib import Path

import pytest

from brainlens.datasets.manifest import Manifest
from brainlens.datasets.split_check import check_split
from brainlens.errors import DataError, RunError
from brainlens.pipeline.one_split import keep_manifest, one_split
from brainlens.pipeline.small_run import SmallRun

from .ellipses import head, write_set

RUN = SmallRun()


@pytest.fixture
def whole(tmp_path: Path) -> Manifest:
    return write_set(tmp_path / "set", dict.fromkeys(("a", "b"), head), patients=15)


def test_one_fold_of_whole_patients_is_held_out_where_there_is_no_split(whole: Manifest) -> None:
    bare = whole.with_rows(replace(row, sha256="", pixel_sha256="") for row in whole.rows)
    told: list[int] = []
    found = one_split(bare, RUN, lambda done, total: told.append(done))
    assert check_split(found).status == "clean"
    assert found.protocol == "grouped"
    sizes = {split: sum(of.values()) for split, of in found.counts().items()}
    assert sizes["test"] == pytest.approx(12, abs=2)
    assert sizes["val"] == pytest.approx(0.15 * 48, abs=3)
    assert told[-1] == 60
    assert one_split(bare, RUN).rows == found.rows
    assert one_split(bare, SmallRun(seed=1)).rows != found.rows


def test_a_split_that_is_there_is_kept_and_lacks_only_its_validation(whole: Manifest) -> None:
    def side(number: int) -> str:
        return "test" if number % 30 < 6 else "train"

    given = whole.with_rows(replace(r, split=side(i)) for i, r in enumerate(whole.rows))
    found = one_split(given, RUN)
    assert [r for r in found.rows if r.split == "test"] == [
        r for r in given.rows if r.split == "test"
    ]
    assert {r.split for r in found.rows} == {"train", "val", "test"}
    assert one_split(found, SmallRun(seed=5)).rows == found.rows


def test_slices_without_a_label_take_no_part(whole: Manifest) -> None:
    some = whole.with_rows(
        replace(r, label="" if i < 2 else r.label) for i, r in enumerate(whole.rows)
    )
    assert len(one_split(some, RUN)) == 58
    none = whole.with_rows(replace(row, label="") for row in whole.rows)
    with pytest.raises(DataError, match="No slice has a label"):
        one_split(none, RUN)


def test_a_training_goes_on_with_its_own_images_and_split_only(
    whole: Manifest, tmp_path: Path
) -> None:
    table = tmp_path / "work" / "manifest.csv"
    split = one_split(whole, RUN)
    keep_manifest(split, table)
    before = table.read_bytes()
    keep_manifest(split.with_rows(reversed(split.rows)), table)
    assert table.read_bytes() == before
    with pytest.raises(RunError, match="other images or another split"):
        keep_manifest(one_split(whole, SmallRun(seed=1)), table)
    with pytest.raises(RunError, match="other images"):
        keep_manifest(split.with_rows(split.rows[1:]), table)
