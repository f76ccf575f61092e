from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainlens.datasets.known_copies import KnownCopies
from brainlens.datasets.manifest import Manifest, Row
from brainlens.pipeline.shuffled import shuffled


def _manifest(patients: list[tuple[str, int, str]]) -> Manifest:
    """Return patients given by class, number of slices and side."""
    return Manifest(
        Path(),
        tuple(
            Row(Path(f"{i}-{k}.png"), label, patient=f"p{i}", split=split, sha256=f"{i}-{k}")
            for i, (label, slices, split) in enumerate(patients)
            for k in range(slices)
        ),
    )


patients = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(1, 4), st.sampled_from(["train", "val", "test"])),
    min_size=1,
    max_size=20,
)


@given(patients=patients, seed=st.integers(0, 99))
def test_patients_stay_whole_and_sides_keep_their_classes(
    patients: list[tuple[str, int, str]], seed: int
) -> None:
    before = _manifest(patients)
    after = shuffled(before, seed=seed)
    label = {row.patient: row.label for row in after.rows}
    assert all(row.label == label[row.patient] for row in after.rows)
    for side in ("train", "val", "test"):
        names = {row.patient for row in before.rows if row.split == side}
        had = Counter({r.patient: r.label for r in before.rows if r.patient in names}.values())
        assert Counter(label[name] for name in names) == had
    assert [row.path for row in after.rows] == [row.path for row in before.rows]
    again = shuffled(before.with_rows(reversed(before.rows)), seed=seed)
    assert {row.patient: row.label for row in again.rows} == label


def test_labels_no_longer_go_with_patients() -> None:
    before = _manifest([("ab"[i % 2], 1, "train") for i in range(400)])
    after = shuffled(before, seed=0)
    same = sum(a.label == b.label for a, b in zip(before.rows, after.rows, strict=True))
    assert same == pytest.approx(200, abs=40)
    assert shuffled(before, seed=1).rows != after.rows


def test_a_group_on_two_sides_has_one_label_and_so_have_copies() -> None:
    rows = [
        Row(Path(f"{i}.png"), "ab"[i % 2], f"p{i}", f"g{i // 2}", split=("train", "test")[i % 2])
        for i in range(40)
    ]
    rows += [
        Row(Path("x.png"), "a", "x", split="train", pixel_sha256="1"),
        Row(Path("y.png"), "b", "y", split="test", pixel_sha256="2"),
    ]
    manifest = Manifest(Path(), tuple(rows), near_copies=KnownCopies.of([("1", "2")]))
    after = shuffled(manifest, seed=3).rows
    assert all(after[i].label == after[i + 1].label for i in range(0, 42, 2))
