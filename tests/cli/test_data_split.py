import csv
import json
import shlex
from pathlib import Path

import pytest

from brainlens.datasets.fingerprint import with_hashes
from brainlens.datasets.open import open_dataset

from .conftest import Command


@pytest.fixture(scope="module")
def phantoms(brainlens: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data") / "phantoms"
    assert brainlens("data", "phantom", root, "--slices", 66, "--size", 32).status == 0
    return root


def test_folds_of_whole_patients(brainlens: Command, phantoms: Path, tmp_path: Path) -> None:
    out = tmp_path / "folds.csv"
    said = brainlens("data", "split", phantoms, "--out", out, "--folds", 3, "--seed", 1)
    assert said.status == 0
    assert "--out fold1.csv --test-fold 1" in said.out
    manifest = open_dataset(out)
    homes: dict[str, set[int | None]] = {}
    for row in manifest.rows:
        homes.setdefault(row.patient, set()).add(row.fold)
    assert all(len(home) == 1 for home in homes.values())
    assert {row.fold for row in manifest.rows} == {1, 2, 3}
    said = brainlens("data", "split", out, "--out", tmp_path / "1.csv", "--test-fold", 1)
    assert said.status == 0
    first = open_dataset(tmp_path / "1.csv")
    assert first.protocol == "grouped"
    assert {row.fold for row in first.select(split="test").rows} == {1}


def test_folds_that_are_there_are_kept(brainlens: Command, phantoms: Path, tmp_path: Path) -> None:
    rows = open_dataset(phantoms).rows
    folds = {p: i % 3 + 1 for i, p in enumerate(sorted({r.patient for r in rows}))}
    with (tmp_path / "official.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "patient", "fold"])
        writer.writerows([r.path, r.label, r.patient, folds[r.patient]] for r in rows)
    out = tmp_path / "folds.csv"
    said = brainlens("data", "split", tmp_path / "official.csv", "--out", out, "--folds", 3)
    assert said.status == 0
    assert "There are 3 folds already: kept as they are." in said.err
    assert {r.patient: r.fold for r in open_dataset(out).rows} == folds
    said = brainlens("data", "split", out, "--out", tmp_path / "5.csv", "--folds", 5)
    assert said.status == 2
    assert "There are 3 folds already, not 5." in said.error
    brainlens("data", "split", out, "--out", tmp_path / "grouped.csv")
    kept = open_dataset(tmp_path / "grouped.csv")
    assert {r.patient: r.fold for r in kept.rows} == folds
    assert kept.protocol == "grouped"


@pytest.mark.parametrize(
    "options",
    [
        ["--test-fraction", "0.2"],
        ["--val-groups", "3"],
        ["--test-fold", "1"],
        ["--drop-shared-groups"],
        ["--protocol", "random"],
    ],
)
def test_folds_go_alone(
    brainlens: Command, phantoms: Path, tmp_path: Path, options: list[str]
) -> None:
    out = tmp_path / "folds.csv"
    said = brainlens("data", "split", phantoms, "--out", out, "--folds", 3, *options)
    assert said.status == 2
    assert "--folds" in said.error
    assert not out.exists()


def test_near_copies_of_an_audit_reach_the_split_and_its_check(
    brainlens: Command, phantoms: Path, tmp_path: Path
) -> None:
    manifest = with_hashes(open_dataset(phantoms))
    first = manifest.rows[0]
    other = next(r for r in manifest.rows if r.patient != first.patient and r.label == first.label)
    report = tmp_path / "report"
    report.mkdir()
    said = brainlens("data", "split", phantoms, "--out", tmp_path / "x.csv", "--audit", report)
    assert "is not the report of an audit" in said.error
    (report / "audit.json").write_text("{}")
    pairs = [[first.pixel_sha256, other.pixel_sha256]]
    (report / "near_copies.json").write_text(json.dumps({"schema": 1, "pairs": pairs}))
    for seed in range(4):
        out = tmp_path / f"{seed}" / "split.csv"
        options = ("--audit", report, "--seed", seed)
        assert brainlens("data", "split", phantoms, "--out", out, *options).status == 0
        split = {r.path: r.split for r in open_dataset(out).rows}
        assert split[first.path] == split[other.path]
    # The pair goes on with the manifest: sooner or later a split of single slices parts it, and
    # that is said.
    again = tmp_path / "random" / "split.csv"
    random = ("--out", again, "--protocol", "random", "--seed")
    texts = (brainlens("data", "split", out, *random, seed).out for seed in range(40))
    assert any("1 pair of near copies" in text for text in texts)


def test_what_comes_next_can_be_copied_from_the_terminal(
    brainlens: Command, phantoms: Path, tmp_path: Path
) -> None:
    out = tmp_path / "my 'own' split.csv"
    said = brainlens("data", "split", phantoms, "--out", out)
    assert shlex.split(said.out.splitlines()[-1].partition("Next: ")[2]) == [
        "brainlens", "train", "--data", str(out),
    ]  # fmt: skip


def test_a_folder_is_no_place_for_a_manifest(
    brainlens: Command, phantoms: Path, tmp_path: Path
) -> None:
    said = brainlens("data", "split", phantoms, "--out", tmp_path)
    assert said.status == 2
    assert "--out" in said.error
    assert not list(tmp_path.iterdir())


def test_too_few_patients_are_one_error(brainlens: Command, phantoms: Path, tmp_path: Path) -> None:
    few = [row for row in open_dataset(phantoms).rows if row.label == "glioma"][:2]
    with (tmp_path / "few.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["path", "label"], *([r.path, r.label] for r in few)])
    for options in ([], ["--folds", "5"]):
        out = tmp_path / "out.csv"
        said = brainlens("data", "split", tmp_path / "few.csv", "--out", out, *options)
        assert said.status == 2
        assert "Too few groups" in said.error
        assert not out.exists()
