import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from brainlens.datasets import splits
from brainlens.datasets.known_copies import NEAR_COPIES_FILE, KnownCopies
from brainlens.datasets.manifest import Manifest, Row
from brainlens.datasets.open import open_dataset
from brainlens.datasets.split_check import check_split
from brainlens.errors import DataError

MakeImage = Callable[..., Path]
A, B, C, D = ("a" * 64, "b" * 64, "c" * 64, "d" * 64)


def row(pixels: str, split: str = "", patient: str = "") -> Row:
    path = Path(f"/data/{pixels[0]}{split}")
    return Row(path, "x", patient, split=split, sha256=pixels, pixel_sha256=pixels)


def test_a_pair_has_one_order_and_two_sides() -> None:
    assert KnownCopies.of([(B, A), (A, B), (C, C)]).pairs == {(A, B)}


def test_pairs_come_back_from_the_folder(tmp_path: Path) -> None:
    assert KnownCopies.load(tmp_path) == KnownCopies()
    KnownCopies().save(tmp_path)
    assert list(tmp_path.iterdir()) == []
    KnownCopies.of([(A, B)]).save(tmp_path)
    assert KnownCopies.load(tmp_path).pairs == {(A, B)}


def test_what_another_manifest_of_the_folder_knows_is_kept(tmp_path: Path) -> None:
    KnownCopies.of([(A, B)]).save(tmp_path)
    KnownCopies.of([(C, D)]).save(tmp_path)
    assert KnownCopies.load(tmp_path).pairs == {(A, B), (C, D)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1 column 1"),
        ("[]", "dictionary"),
        ('{"schema": 2, "pairs": []}', "schema: "),
        ('{"schema": 1, "pairs": [["a", "b"]]}', r"pairs\.0\.0: "),
    ],
)
def test_a_damaged_list_is_refused_saying_where(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / NEAR_COPIES_FILE).write_text(text)
    with pytest.raises(DataError, match=f"is not a list of near copies: .*{says}"):
        KnownCopies.load(tmp_path)


def test_rows_are_found_by_their_pixels() -> None:
    rows = [row(A), row(C), row(B, "test"), row(B, "train"), replace(row(D), pixel_sha256="")]
    known = KnownCopies.of([(A, B), (C, D)])
    assert list(known.among(rows)) == [(0, 2)]
    assert list(KnownCopies().among(rows)) == []


def test_a_near_copy_on_two_sides_leaks() -> None:
    rows = (row(A, "train"), row(B, "test"), row(C, "train"), row(D, "train"))
    manifest = Manifest(Path("/data"), rows, near_copies=KnownCopies.of([(A, B), (C, D)]))
    check = check_split(manifest)
    assert check.status == "leaky"
    assert check.shared_near_copies == ((A, B),)
    assert check.sentence == (
        "Leaky split: 1 pair of near copies is on several sides of the split (3 train, 1 test)."
    )
    assert check_split(replace(manifest, near_copies=KnownCopies())).status == "clean"


def test_all_that_leaks_is_said() -> None:
    rows = (
        row(A, "train", patient="p"), row(B, "test", patient="p"),
        row(C, "train", patient="q"), row(C, "test", patient="q"), row(D, "val"),
    )  # fmt: skip
    known = KnownCopies.of([(A, B), (C, D)])
    check = check_split(Manifest(Path("/data"), rows, near_copies=known))
    assert "2 patients, copies of 1 image and 2 pairs of near copies are on several" in (
        check.sentence
    )


def test_near_copies_are_kept_on_one_side() -> None:
    rows = tuple(row(f"{i:064x}") for i in range(40))
    known = KnownCopies.of((rows[i].pixel_sha256, rows[i + 20].pixel_sha256) for i in range(20))
    manifest = Manifest(Path("/data"), rows).with_near_copies(known)
    for seed in range(5):
        done = splits.split(manifest, seed=seed)
        assert check_split(done).status == "clean"
        assert {r.split for r in done.rows} == {"train", "val", "test"}
    assert check_split(splits.random(manifest)).status == "leaky"


def test_near_copies_go_with_a_manifest(make_image: MakeImage, tmp_path: Path) -> None:
    rows = tuple(
        Row(make_image(f"{name}.png", seed), name, split=split)
        for seed, (name, split) in enumerate([("a", "train"), ("b", "test")])
    )
    known = KnownCopies.of([(A, B)])
    Manifest(tmp_path, rows).with_near_copies(known).save(tmp_path / "new" / "m.csv")
    back = Manifest.load(tmp_path / "new" / "m.csv")
    assert back.near_copies == known
    assert back.select(split="train").near_copies == known


def test_a_folder_may_hold_them(make_image: MakeImage, tmp_path: Path) -> None:
    make_image("set/a/1.png", 1)
    make_image("set/b/1.png", 2)
    (tmp_path / "set" / NEAR_COPIES_FILE).write_text(json.dumps({"schema": 1, "pairs": [[A, B]]}))
    manifest = open_dataset(tmp_path / "set")
    assert manifest.near_copies.pairs == {(A, B)}
    assert manifest.skipped == ()
