from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from brainlens.datasets.manifest import Manifest, Row
from brainlens.datasets.split_check import check_split
from brainlens.errors import DataError

MakeImage = Callable[..., Path]
ROOT = Path("/data")


def row(name: str, split: str, patient: str = "", group: str = "", pixels: str = "") -> Row:
    """Return a row that claims its hashes, so that no file is needed."""
    return Row(
        ROOT / name,
        "a",
        patient,
        group,
        split,
        sha256=f"file of {name}",
        pixel_sha256=pixels or f"pixels of {name}",
    )


def test_clean() -> None:
    check = check_split(
        Manifest(
            ROOT,
            (
                row("1", "train", "p"),
                row("2", "train", "p"),
                row("3", "val", "q", "g"),
                row("4", "test"),
                row("5", "test"),
            ),
        )
    )
    assert check.status == "clean"
    assert check.n_slices == 5
    assert check.n_ambiguous_slices == 0
    assert check.sentence == (
        "Clean split: no patient, group or copy of an image is on several sides of the split "
        "(2 train, 1 val, 2 test)."
    )


def test_a_shared_group_is_ambiguous() -> None:
    check = check_split(
        Manifest(
            ROOT,
            (
                row("1", "train", "pA", "p"),
                row("2", "test", "pB", "p"),
                row("3", "test", "pB", "p"),
                row("4", "test", "q", "q"),
            ),
        )
    )
    assert check.status == "group-ambiguous"
    assert check.shared_groups == ("p",)
    assert check.shared_patients == ()
    assert check.n_ambiguous_slices == 3
    assert "1 group with 3 of the 4 slices" in check.sentence


@pytest.mark.parametrize("other", ["val", "test"])
def test_a_shared_patient_leaks_even_between_groups(other: str) -> None:
    check = check_split(Manifest(ROOT, (row("1", "train", "p", "g1"), row("2", other, "p", "g2"))))
    assert check.status == "leaky"
    assert check.shared_patients == ("p",)
    assert check.sentence == (
        f"Leaky split: 1 patient is on several sides of the split (1 train, 1 {other})."
    )


def test_copies_of_bytes_and_of_pixels_leak_whatever_their_labels(
    tmp_path: Path, make_image: MakeImage
) -> None:
    manifest = Manifest(
        tmp_path,
        (
            Row(make_image("1.png", 1), "a", split="train"),
            Row(make_image("2.png", 1), "a", split="test"),
            Row(make_image("3.png", 2), "a", split="val"),
            Row(make_image("4.png", 2, compression=0), "b", split="test"),
            Row(make_image("5.png", 3), "b", split="test"),
            Row(make_image("6.png", 3), "b", split="test"),
        ),
    )
    check = check_split(manifest)
    assert check.status == "leaky"
    assert len(check.shared_bytes) == 1
    assert len(check.shared_pixels) == 2
    assert check.sentence.startswith("Leaky split: copies of 2 images are on")


def test_one_copy_with_other_bytes_is_enough_to_leak() -> None:
    rows = (row("1", "val", "p", pixels="x"), row("2", "test", "q", pixels="x"))
    check = check_split(Manifest(ROOT, rows))
    assert check.status == "leaky"
    assert (check.shared_bytes, check.shared_pixels) == ((), ("x",))
    assert check.sentence.startswith("Leaky split: copies of 1 image are on")


def test_patients_and_copies_are_both_said() -> None:
    check = check_split(
        Manifest(
            ROOT,
            (
                row("1", "train", "p", pixels="x"),
                row("2", "test", "p"),
                row("3", "test", "q", pixels="x"),
            ),
        )
    )
    assert "1 patient and copies of 1 image are on" in check.sentence


def test_rows_without_a_split_take_no_part_and_are_not_even_read() -> None:
    rows = (row("1", "train", "p"), row("2", "", "p"), Row(ROOT / "gone.png", "a"))
    check = check_split(Manifest(ROOT, rows))
    assert check.status == "clean"
    assert check.n_slices == 1
    with pytest.raises(DataError, match="cannot be read"):
        check_split(Manifest(ROOT, (*rows[:2], replace(rows[2], split="test"))))
