import csv
from pathlib import Path

import pytest

from brainlens.datasets.open import open_dataset

from .conftest import Command


@pytest.fixture(scope="module")
def phantoms(brainlens: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data") / "phantoms"
    said = brainlens("data", "phantom", root, "--slices", 48, "--seed", 3, "--size", 32)
    assert said.status == 0
    assert "Synthetic" in said.out
    return root


def test_a_phantom_set_is_written(phantoms: Path) -> None:
    manifest = open_dataset(phantoms)
    assert len(manifest) == 48
    assert manifest.synthetic


def test_a_phantom_set_of_folders_with_other_names_and_copies(
    brainlens: Command, tmp_path: Path
) -> None:
    root = tmp_path / "leaky"
    said = brainlens(
        "data", "phantom", root, "--slices", 48, "--size", 32, "--layout", "folders",
        "--copies", 4, "--no-lesion", "--name", "glioma=brain_glioma",
    )  # fmt: skip
    assert said.status == 0
    assert (root / "train" / "brain_glioma").is_dir()
    assert len(open_dataset(root)) == 52
    assert "52 slices" in said.out


def test_a_grouped_split_is_clean_and_a_random_one_leaks(
    brainlens: Command, phantoms: Path, tmp_path: Path
) -> None:
    grouped, random = tmp_path / "grouped.csv", tmp_path / "elsewhere" / "random.csv"
    said = brainlens("data", "split", phantoms, "--out", grouped, "--test-fraction", 0.3)
    assert said.status == 0
    assert f"Next: brainlens train --data {grouped}" in said.out
    manifest = open_dataset(grouped)
    patients = {s: {r.patient for r in manifest.select(split=s).rows} for s in ("train", "test")}
    assert not patients["train"] & patients["test"]
    said = brainlens("data", "split", phantoms, "--out", random, "--protocol", "random")
    assert said.status == 0
    assert "patients" in said.out


def test_a_split_by_official_fold(brainlens: Command, phantoms: Path, tmp_path: Path) -> None:
    manifest = open_dataset(phantoms)
    folds = {p: i % 3 + 1 for i, p in enumerate(sorted({r.patient for r in manifest.rows}))}
    table = tmp_path / "folds.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "patient", "fold"])
        writer.writerows([r.path, r.label, r.patient, folds[r.patient]] for r in manifest.rows)
    out = tmp_path / "fold1.csv"
    said = brainlens(
        "data", "split", table, "--out", out, "--test-fold", 1, "--drop-shared-groups",
        "--val-groups", 3,
    )  # fmt: skip
    assert said.status == 0
    result = open_dataset(out)
    assert {r.fold for r in result.select(split="test").rows} == {1}
    assert len({r.patient for r in result.select(split="val").rows}) == 3


@pytest.mark.parametrize(
    "options",
    [
        ["--test-fold", "1", "--test-fraction", "0.2"],
        ["--test-fold", "1", "--protocol", "random"],
        ["--drop-shared-groups"],
        ["--val-groups", "3"],
        ["--test-fold", "9"],
        ["--test-fraction", "1.5"],
    ],
)
def test_options_that_do_not_go_together(
    brainlens: Command, phantoms: Path, tmp_path: Path, options: list[str]
) -> None:
    out = tmp_path / "split.csv"
    said = brainlens("data", "split", phantoms, "--out", out, *options)
    assert said.status == 2
    assert said.error
    assert not out.exists()


def test_files_that_are_no_images_are_mentioned(
    brainlens: Command, tiny_set: Path, tmp_path: Path
) -> None:
    (tiny_set / "alpha" / "notes.txt").write_text("text")
    (tiny_set / "folder_gamma" / "damaged.png").unlink()
    said = brainlens("data", "split", tiny_set, "--out", tmp_path / "split.csv")
    assert said.status == 0
    assert "since no images: 1 file." in said.err


def test_another_folder_is_not_taken_for_the_cheng_set(brainlens: Command, tmp_path: Path) -> None:
    said = brainlens("data", "import-cheng", tmp_path, "--out", tmp_path / "m.csv")
    assert said.status == 2
    assert "is not the Cheng data set" in said.error


CHENG = Path(__file__).parents[3] / "shared" / "data" / "cheng"


@pytest.mark.real_data
@pytest.mark.skipif(not CHENG.is_dir(), reason="the Cheng data set is not here")
def test_the_cheng_set_is_imported(brainlens: Command, tmp_path: Path) -> None:
    said = brainlens("data", "import-cheng", CHENG, "--out", tmp_path / "m.csv")
    assert said.status == 0
    assert "3064 slices" in said.out
