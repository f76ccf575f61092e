from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brainlens.datasets import splits
from brainlens.datasets.manifest import Manifest, Row
from brainlens.errors import DataError, UsageError

ROOT = Path("/data")


def patients(*sizes: int, label: str = "a", fold: int | None = None, prefix: str = "") -> list[Row]:
    """Return rows of one patient for each size, with that many slices."""
    return [
        Row(
            ROOT / label / f"{prefix}{p}-{i}.png",
            label,
            patient=f"{prefix}{label}{p}",
            fold=fold,
            sha256=f"{prefix}{label}{p}-{i}",
        )
        for p, size in enumerate(sizes)
        for i in range(size)
    ]


def sides(manifest: Manifest) -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in manifest.rows:
        found[row.group_key].add(row.split)
    return found


SIZES = st.lists(st.integers(1, 30), min_size=3, max_size=25)
SEEDS = st.integers(0, 2**32)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    # So many that three copies leave a class that fills every part.
    sizes = st.lists(st.integers(1, 30), min_size=5, max_size=25)
    rows = [row for label in "abc" for row in patients(*draw(sizes), label=label)]
    # Copies tie some patients together.
    for _ in range(draw(st.integers(0, 3))):
        i, j = draw(st.integers(0, len(rows) - 1)), draw(st.integers(0, len(rows) - 1))
        rows[i] = replace(rows[i], pixel_sha256=f"p{i}")
        rows[j] = replace(rows[j], pixel_sha256=f"p{i}")
    return Manifest(ROOT, tuple(rows))


@given(manifests(), SEEDS)
@settings(deadline=None)
def test_whole_units_go_to_one_side_and_every_row_to_some(manifest: Manifest, seed: int) -> None:
    done = splits.split(manifest, test_fraction=0.25, val_fraction=0.15, seed=seed)
    assert [replace(r, split="", protocol="") for r in done.rows] == list(manifest.rows)
    assert {r.split for r in done.rows} <= {"train", "val", "test"}
    assert all(len(s) == 1 for s in sides(done).values())
    copies: defaultdict[str, set[str]] = defaultdict(set)
    for row in done.rows:
        if row.pixel_sha256:
            copies[row.pixel_sha256].add(row.split)
    assert all(len(s) == 1 for s in copies.values())


@given(manifests(), SEEDS, st.randoms())
@settings(deadline=None, max_examples=40)
def test_the_order_of_rows_and_the_place_of_files_change_nothing(
    manifest: Manifest, seed: int, random: object
) -> None:
    rows = list(manifest.rows)
    random.shuffle(rows)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    elsewhere = Path("/else/where")
    moved = Manifest(
        elsewhere,
        tuple(replace(r, path=elsewhere / r.path.relative_to(ROOT)) for r in rows),
    )
    for make in (splits.split, splits.random):
        here = {r.sha256: r.split for r in make(manifest, seed=seed).rows}
        there = {r.sha256: r.split for r in make(moved, seed=seed).rows}
        assert here == there
    folds = {r.sha256: r.fold for r in splits.grouped_folds(manifest, 3, seed=seed).rows}
    assert folds == {r.sha256: r.fold for r in splits.grouped_folds(moved, 3, seed=seed).rows}


@given(SIZES, SIZES, SEEDS, st.floats(0.05, 0.4), st.floats(0.05, 0.4))
@settings(deadline=None)
def test_shares_of_each_class_are_met_within_a_few_groups(
    first: list[int], second: list[int], seed: int, test: float, val: float
) -> None:
    manifest = Manifest(ROOT, (*patients(*first), *patients(*second, label="b")))
    done = splits.split(manifest, test_fraction=test, val_fraction=val, seed=seed)
    for label, sizes in (("a", first), ("b", second)):
        got = Counter(r.split for r in done.rows if r.label == label)
        for name, share in (("test", test), ("val", val), ("train", 1 - test - val)):
            assert abs(got[name] - share * sum(sizes)) <= 2 * max(sizes)
            assert got[name] > 0


def test_shares_are_close_where_groups_are_many() -> None:
    manifest = Manifest(ROOT, tuple(patients(*([5, 9, 2, 14, 7] * 20))))
    got = Counter(r.split for r in splits.split(manifest, seed=3).rows)
    assert all(
        abs(got[n] - share) <= 2 for n, share in (("train", 518), ("test", 148), ("val", 74))
    )


def test_seeds_differ_in_where_large_patients_go() -> None:
    manifest = Manifest(ROOT, tuple(patients(*([20] * 4 + [3] * 40))))
    homes = {
        frozenset(r.patient for r in splits.split(manifest, seed=s).rows if r.split == "test")
        for s in range(10)
    }
    assert len(homes) == 10


def test_no_share_asked_is_no_slice_given() -> None:
    manifest = Manifest(ROOT, tuple(patients(*[4] * 10)))
    done = splits.split(manifest, test_fraction=0, val_fraction=0.2)
    assert {r.split for r in done.rows} == {"train", "val"}


@pytest.mark.parametrize(("test", "val"), [(-0.1, 0.1), (0.5, 0.5), (1.0, 0.0), (0.1, -0.2)])
def test_fractions_out_of_range_are_refused(test: float, val: float) -> None:
    manifest = Manifest(ROOT, tuple(patients(3, 3)))
    for make in (splits.split, splits.random):
        with pytest.raises(UsageError, match="Fractions"):
            make(manifest, test_fraction=test, val_fraction=val)


def test_a_split_that_would_stay_empty_is_refused() -> None:
    two = Manifest(ROOT, tuple(patients(9, 9)))
    with pytest.raises(DataError, match="Too few groups to fill train, val, test: test would be"):
        splits.split(two)
    assert {r.split for r in splits.split(two, val_fraction=0).rows} == {"train", "test"}
    assert {r.split for r in splits.random(two).rows} == {"train", "val", "test"}
    alone = Manifest(ROOT, tuple(patients(1, 1)))
    with pytest.raises(DataError, match="Too few groups"):
        splits.random(alone)


def test_folds_that_would_stay_empty_are_refused() -> None:
    four = Manifest(ROOT, tuple(patients(9, 9, 9, 9)))
    with pytest.raises(DataError, match="Too few groups for 6 folds: 2 would stay empty"):
        splits.grouped_folds(four, 6)
    assert {r.fold for r in splits.random_folds(four, 6).rows} == set(range(1, 7))


def test_random_tears_patients_apart_and_keeps_the_shares() -> None:
    manifest = Manifest(ROOT, (*patients(*[10] * 20), *patients(*[10] * 10, label="b")))
    done = splits.random(manifest, test_fraction=0.2, val_fraction=0.1, seed=1)
    assert Counter((r.split, r.label) for r in done.rows) == {
        ("train", "a"): 140,
        ("val", "a"): 20,
        ("test", "a"): 40,
        ("train", "b"): 70,
        ("val", "b"): 10,
        ("test", "b"): 20,
    }
    assert max(len(s) for s in sides(done).values()) == 3


def folds() -> Manifest:
    rows = [
        row
        for fold in (1, 2, 3)
        for label in "ab"
        for row in patients(4, 6, 3, 5, label=label, fold=fold, prefix=f"f{fold}")
    ]
    return Manifest(ROOT, (*rows, *patients(3, prefix="none")))


def test_official_tests_on_one_fold_and_leaves_rows_of_none_out() -> None:
    done = splits.official(folds(), test_fold=2)
    assert all(r.split == {None: "", 2: "test"}.get(r.fold, "train") for r in done.rows)


def test_official_drops_what_shares_a_group_a_patient_or_a_copy_with_the_test_fold() -> None:
    rows = list(folds().rows)
    by_patient = {r.patient: i for i, r in enumerate(rows)}
    test = by_patient["f1a0"]
    group, copy, recoded = by_patient["f2a0"], by_patient["f2b1"], by_patient["f3b2"]
    rows[group] = replace(rows[group], group=rows[test].patient)
    rows[copy] = replace(rows[copy], sha256=rows[test].sha256)
    rows[recoded] = replace(rows[recoded], pixel_sha256="same")
    rows[test] = replace(rows[test], pixel_sha256="same")
    manifest = Manifest(ROOT, tuple(rows))
    kept = splits.official(manifest, test_fold=1)
    assert Counter(r.split for r in kept.rows) == {"test": 36, "train": 72, "": 3}
    clean = splits.official(manifest, test_fold=1, drop_shared_groups=True)
    dropped = {r.patient for r in clean.rows if r.split == ""} - {"nonea0"}
    assert dropped == {"f2a0", "f2b1", "f3b2"}
    assert Counter(r.split for r in clean.rows)["test"] == 36


def test_official_cuts_validation_by_groups_or_by_fraction() -> None:
    by_groups = splits.official(folds(), test_fold=1, val_groups=4, seed=5)
    val = [r for r in by_groups.rows if r.split == "val"]
    assert Counter({r.patient: r.label for r in val}.values()) == {"a": 2, "b": 2}
    assert all(len(s) == 1 for s in sides(by_groups).values())
    by_fraction = splits.official(folds(), test_fold=1, val_fraction=0.25, seed=5)
    assert Counter(r.label for r in by_fraction.rows if r.split == "val") == {"a": 9, "b": 9}


def test_official_needs_the_fold() -> None:
    with pytest.raises(DataError, match=r"of fold 7.*Folds here: 1, 2, 3\."):
        splits.official(folds(), test_fold=7)
    with pytest.raises(DataError, match="Folds here: none"):
        splits.official(Manifest(ROOT, tuple(patients(2))), test_fold=1)


@given(SIZES, SIZES, SEEDS, st.data())
@settings(deadline=None)
def test_the_number_of_validation_groups_is_met_exactly(
    first: list[int], second: list[int], seed: int, data: st.DataObject
) -> None:
    rows = (*patients(*first), *patients(*second, label="b"))
    manifest = Manifest(ROOT, tuple(replace(r, split="train") for r in rows))
    n = data.draw(st.integers(2, len(first) + len(second) - 2))
    done = splits.cut_validation(manifest, n_groups=n, seed=seed)
    val = {r.patient: r.label for r in done.rows if r.split == "val"}
    train = {r.patient: r.label for r in done.rows if r.split == "train"}
    assert len(val) == n
    assert set(val.values()) == set(train.values()) == {"a", "b"}
    assert not val.keys() & train.keys()


def test_validation_groups_are_small_and_large_as_the_rest_are() -> None:
    rows = patients(*([1] * 30 + [20] * 30))
    manifest = Manifest(ROOT, tuple(replace(r, split="train") for r in rows))
    for seed in range(5):
        done = splits.cut_validation(manifest, n_groups=10, seed=seed)
        assert len(done.select(split="val")) == 5 * 1 + 5 * 20


def test_validation_leaves_other_splits_alone() -> None:
    rows = [replace(r, split="train") for r in patients(3, 3, 3, 3)]
    others = [replace(r, split=s) for s in ("test", "") for r in patients(3, prefix=s or "out")]
    manifest = Manifest(ROOT, (*rows, *others))
    done = splits.cut_validation(manifest, fraction=0.25)
    assert Counter(r.split for r in done.rows) == {"train": 9, "val": 3, "test": 3, "": 3}
    assert done.rows[len(rows) :] == tuple(others)


def test_validation_cuts_that_cannot_be_are_refused() -> None:
    manifest = Manifest(ROOT, tuple(replace(r, split="train") for r in patients(3, 3, 3)))
    with pytest.raises(UsageError, match="either"):
        splits.cut_validation(manifest)
    with pytest.raises(UsageError, match="either"):
        splits.cut_validation(manifest, fraction=0.1, n_groups=1)
    for fraction in (0.0, 1.0, -0.1):
        with pytest.raises(UsageError, match="between 0 and 1"):
            splits.cut_validation(manifest, fraction=fraction)
    with pytest.raises(UsageError, match="0 validation groups are fewer than the 1 classes"):
        splits.cut_validation(manifest, n_groups=0)
    with pytest.raises(DataError, match="At most 2 groups"):
        splits.cut_validation(manifest, n_groups=3)
    with pytest.raises(DataError, match="already"):
        splits.cut_validation(splits.cut_validation(manifest, n_groups=1), n_groups=1)
    one = Manifest(ROOT, tuple(replace(r, split="train") for r in patients(3)))
    with pytest.raises(DataError, match="Too few groups"):
        splits.cut_validation(one, fraction=0.2)


@given(manifests(), SEEDS, st.integers(2, 3))
@settings(deadline=None, max_examples=40)
def test_folds_keep_units_whole_and_take_every_row(manifest: Manifest, seed: int, k: int) -> None:
    done = splits.grouped_folds(manifest, k, seed=seed)
    homes: defaultdict[str, set[int | None]] = defaultdict(set)
    for row in done.rows:
        homes[row.group_key].add(row.fold)
    assert all(len(f) == 1 for f in homes.values())
    assert {r.fold for r in done.rows} <= set(range(1, k + 1))


def test_folds_are_alike_in_size_and_classes() -> None:
    manifest = Manifest(ROOT, (*patients(*[7] * 25), *patients(*[4] * 50, label="b")))
    done = splits.grouped_folds(manifest, 5)
    counts = Counter((r.fold, r.label) for r in done.rows)
    assert {counts[f, "a"] for f in range(1, 6)} == {35}
    assert {counts[f, "b"] for f in range(1, 6)} == {40}


def test_one_fold_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 2"):
        splits.grouped_folds(Manifest(ROOT, tuple(patients(3))), 1)


def test_a_split_says_how_it_was_made(tmp_path: Path) -> None:
    rows = [
        Row(tmp_path / f"{i}.png", label="ab"[i % 2], patient=f"p{i // 2}", fold=i // 4 + 1)
        for i in range(24)
    ]
    for row in rows:
        row.path.write_bytes(b"x")
    manifest = Manifest(tmp_path, tuple(rows))
    assert manifest.protocol == "given"
    made = {
        "grouped": splits.split(manifest),
        "random": splits.random(manifest),
        "official": splits.official(manifest, test_fold=1, val_fraction=0.2),
    }
    for protocol, parts in made.items():
        parts.save(tmp_path / f"{protocol}.csv")
        assert Manifest.load(tmp_path / f"{protocol}.csv").protocol == protocol
    mixed = manifest.with_rows((*made["random"].rows[:12], *made["grouped"].rows[12:]))
    assert mixed.protocol == "given"


def test_a_split_of_folds_dealt_here_is_not_called_official() -> None:
    manifest = Manifest(ROOT, (*patients(*[3] * 10), *patients(*[3] * 10, label="b")))
    dealt = splits.grouped_folds(splits.split(manifest), 5)
    assert {row.split for row in dealt.rows} == {""}
    assert splits.official(dealt, test_fold=2).protocol == "grouped"
    official = manifest.with_rows(replace(row, protocol="") for row in dealt.rows)
    assert splits.official(official, test_fold=2).protocol == "official"
    # A split made by groups does not make the folds beside it ours.
    assert splits.official(splits.split(official), test_fold=2).protocol == "official"
