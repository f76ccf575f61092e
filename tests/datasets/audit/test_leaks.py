from pathlib import Path

import pytest

from brainlens.datasets.audit.copy_pair import CopyPair
from brainlens.datasets.audit.copy_sets import copy_sets, exact_sets
from brainlens.datasets.audit.findings import Audit
from brainlens.datasets.audit.groups import groups as name_groups
from brainlens.datasets.audit.leaks import Leaks, find_leaks
from brainlens.datasets.known_copies import KnownCopies
from brainlens.datasets.manifest import Manifest, Row


def row(n: int, split: str, pixels: str = "", patient: str = "", group: str = "") -> Row:
    text = pixels or f"{n:x}"
    return Row(
        Path(f"/data/{n}"), "a", patient, group, split, sha256=f"{n:064x}",
        pixel_sha256=text * (64 // len(text)),
    )  # fmt: skip


def leaks(rows: list[Row], pairs: list[CopyPair] | None = None, pseudo: str = "") -> Leaks:
    pairs = pairs or []
    usable = range(len(rows))
    sets = copy_sets(rows, exact_sets(rows, usable), pairs)
    near = KnownCopies.of((rows[p.first].pixel_sha256, rows[p.second].pixel_sha256)
                          for p in pairs)  # fmt: skip
    groups = name_groups(rows, sets, list(pseudo) or [str(i) for i in usable])
    return find_leaks(Manifest(Path("/data"), tuple(rows)), usable, sets, near, groups)


def test_clean() -> None:
    found = leaks([row(0, "train"), row(1, "val"), row(2, "test"), row(3, "")])
    assert found.check is not None
    assert found.check.status == "clean"
    assert not found.leaks
    assert [(p.split, p.n_slices, p.n_known) for p in found.held_out] == [
        ("val", 1, 0),
        ("test", 1, 0),
    ]


def test_each_cause_is_counted_once() -> None:
    rows = [
        row(0, "train", "c", patient="p", group="g"),
        row(1, "test", "c", patient="p", group="g"),  # copy and patient
        row(2, "test", patient="p", group="g"),  # patient
        row(3, "test", patient="q", group="g"),  # group
        row(4, "test", patient="r"),  # new
    ]
    found = leaks(rows)
    (test,) = found.held_out
    assert (test.n_copies, test.n_patients, test.n_groups, test.n_neighbours) == (1, 2, 1, 0)
    assert (test.n_leaked, test.n_known, test.n_slices) == (2, 3, 4)
    assert found.leaks


def test_validation_counts_as_seen_before_test_but_not_the_other_way() -> None:
    val, test = leaks([row(0, "train"), row(1, "val", "c"), row(2, "test", "c")]).held_out
    assert (val.n_copies, test.n_copies) == (0, 1)


def test_near_copies_leak() -> None:
    rows = [row(0, "train"), row(1, "test")]
    found = leaks(rows, [CopyPair(0, 1, "copy", 0.99)])
    assert found.check is not None
    assert found.check.status == "leaky"
    assert found.held_out[0].n_copies == 1


def test_neighbours_of_unknown_patients_leak_too() -> None:
    rows = [row(0, "train"), row(1, "test"), row(2, "test")]
    found = leaks(rows, pseudo="aab")
    assert found.check is not None
    assert found.check.status == "clean"
    assert found.held_out[0].n_neighbours == 1
    assert found.leaks
    named = [row(0, "train", patient="p"), row(1, "test", patient="q"), row(2, "test")]
    assert not leaks(named, pseudo="aab").leaks


def test_a_shared_group_alone_does_not_leak() -> None:
    rows = [row(0, "train", patient="p", group="g"), row(1, "test", patient="q", group="g")]
    found = leaks(rows)
    assert found.check is not None
    assert found.check.status == "group-ambiguous"
    assert not found.leaks


def test_without_a_split_the_leak_of_a_random_one_is_foretold() -> None:
    found = leaks([row(i, "", patient="p" if i < 2 else "") for i in range(4)])
    assert found.check is None
    # Of the two slices of p each leaves the other in training four times in five.
    assert found.random_share == pytest.approx(0.5 * 0.8)
    assert not found.leaks
    assert leaks([]).random_share == 0


def test_planted_leaks_are_counted(audited: Audit) -> None:
    (test,) = audited.leaks.held_out
    # Four exact copies, five near ones, and the contradiction.
    assert test.n_copies == 10
    assert audited.leaks.leaks
