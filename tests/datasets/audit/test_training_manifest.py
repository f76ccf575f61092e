from pathlib import Path

from brainlens.datasets.audit.findings import Audit
from brainlens.datasets.audit.leaks import find_leaks
from brainlens.datasets.audit.training_manifest import REASONS
from brainlens.datasets.known_copies import KnownCopies
from brainlens.datasets.manifest import Manifest
from brainlens.datasets.split_check import check_split


def test_each_picture_is_left_once(audited: Audit) -> None:
    out = audited.training.left_out
    for s in audited.sets:
        assert sum(i not in out for i in s.rows) == (0 if s.contradicts else 1)
    assert set(out.values()) == set(REASONS)
    assert audited.training.counts["unusable"] == 4
    assert audited.training.counts["contradiction"] == 4
    assert len(audited.training.manifest) == len(audited.manifest) - len(out)


def test_the_test_set_keeps_its_copies(audited: Audit) -> None:
    out, rows = audited.training.left_out, audited.manifest.rows
    gone = [i for i, why in out.items() if why == "copy"]
    for s in audited.sets:
        if s.splits == ("test", "train") and not s.contradicts:
            assert any(rows[i].split == "test" for i in s.rows if i not in out)
    assert {rows[i].split for i in gone} <= {"train", "test"}


def test_of_copies_on_one_side_the_largest_stays(audited: Audit) -> None:
    for s in audited.sets:
        if s.contradicts:
            continue
        (stays,) = (i for i in s.rows if i not in audited.training.left_out)
        size = audited.inspected[stays].facts
        assert size is not None
        for i in s.rows:
            other = audited.inspected[i].facts
            if audited.manifest.rows[i].split == audited.manifest.rows[stays].split:
                assert other is not None
                assert other.width <= size.width


def test_it_can_be_trained_from(audited: Audit, tmp_path: Path) -> None:
    audited.training.manifest.save(tmp_path / "m.csv")
    manifest = Manifest.load(tmp_path / "m.csv")
    manifest.require_trainable()
    assert all(row.group for row in manifest.rows)
    assert check_split(manifest).status != "leaky"
    assert manifest.near_copies.pairs
    again = find_leaks(
        manifest, range(len(manifest)), [], KnownCopies(), [r.group for r in manifest.rows]
    )
    assert again.held_out[0].n_leaked == 0
