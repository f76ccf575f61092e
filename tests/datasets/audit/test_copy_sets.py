from pathlib import Path

from brainlens.datasets.audit.copy_pair import CopyPair
from brainlens.datasets.audit.copy_sets import copy_sets, exact_sets
from brainlens.datasets.audit.findings import Audit
from brainlens.datasets.manifest import Row


def row(n: int, file: str, pixels: str, label: str = "a", split: str = "") -> Row:
    return Row(Path(f"/data/{n}"), label, split=split, sha256=file, pixel_sha256=pixels)


ROWS = (
    row(0, "f0", "p0", split="train"),
    row(1, "f0", "p0", split="test"),
    row(2, "f2", "p2", split="train"),
    row(3, "f3", "p2", label="b", split="train"),
    row(4, "f4", "p4"),
    row(5, "f5", "p5"),
    row(6, "", ""),
    row(7, "", ""),
)


def test_exact_copies_by_bytes_and_by_pixels() -> None:
    same_bytes, same_pixels = exact_sets(ROWS, range(6))
    assert (same_bytes.rows, same_bytes.kind, same_bytes.splits) == (
        (0, 1),
        "bytes",
        ("test", "train"),
    )
    assert same_bytes.crosses
    assert not same_bytes.contradicts
    assert (same_pixels.rows, same_pixels.kind, same_pixels.labels) == (
        (2, 3),
        "pixels",
        ("a", "b"),
    )
    assert same_pixels.contradicts
    assert not same_pixels.crosses


def test_near_copies_join_exact_ones() -> None:
    pairs = [CopyPair(0, 4, "copy", 1), CopyPair(4, 5, "neighbour", 0.9)]
    joined, apart = copy_sets(ROWS, exact_sets(ROWS, range(6)), pairs)
    assert (joined.rows, joined.kind, joined.splits) == ((0, 1, 4), "near", ("test", "train"))
    assert (apart.rows, apart.kind) == ((2, 3), "pixels")


def test_planted_copies_are_found(audited: Audit) -> None:
    rows = audited.manifest.rows
    near = [s for s in audited.sets if any("near-" in rows[i].path.name for i in s.rows)]
    assert len(near) == 5
    assert all(s.kind == "near" and s.crosses for s in near)
    exact = [s for s in audited.exact if s.crosses and not s.contradicts]
    # Of the four that the phantoms bring, one became a near copy when its file was made a JPEG.
    assert len(exact) == 3
    assert {s.kind for s in exact} == {"bytes", "pixels"}
    names = {frozenset(rows[i].path.parent.name for i in s.rows) for s in audited.contradictions}
    assert names == {frozenset({"meningioma", "pituitary"}), frozenset({"meningioma", "glioma"})}
