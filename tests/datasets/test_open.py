from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brainlens.datasets import DatasetInfo, Manifest, Row, open_dataset
from brainlens.datasets.audit.survey import survey
from brainlens.errors import DataError, ManifestError

MakeImage = Callable[..., Path]


def table(manifest: Manifest) -> list[tuple[str, str, str]]:
    root = manifest.root
    return [(r.path.relative_to(root).as_posix(), r.label, r.split) for r in manifest.rows]


def test_split_and_class_folders(tmp_path: Path, make_image: MakeImage) -> None:
    for name in (
        "train/brain glioma/1.png",
        "train/ménin/1.png",
        "test/brain glioma/1.png",
        "val/ménin/2.png",
    ):
        make_image(name)
    assert table(open_dataset(tmp_path)) == [
        ("test/brain glioma/1.png", "brain glioma", "test"),
        ("train/brain glioma/1.png", "brain glioma", "train"),
        ("train/ménin/1.png", "ménin", "train"),
        ("val/ménin/2.png", "ménin", "val"),
    ]


@pytest.mark.parametrize(
    ("folder", "split"),
    [
        ("Training", "train"),
        ("TRAIN", "train"),
        ("Testing", "test"),
        ("valid", "val"),
        ("Validation", "val"),
    ],
)
def test_other_names_of_splits(
    tmp_path: Path, make_image: MakeImage, folder: str, split: str
) -> None:
    make_image(f"{folder}/a/1.png")
    make_image(f"{folder}/b/1.png")
    assert {row.split for row in open_dataset(tmp_path).rows} == {split}


def test_flat_class_folders(tmp_path: Path, make_image: MakeImage) -> None:
    make_image("a/1.png")
    make_image("b/1.png")
    assert table(open_dataset(tmp_path)) == [("a/1.png", "a", ""), ("b/1.png", "b", "")]


def test_content_decides_and_not_the_extension(tmp_path: Path, make_image: MakeImage) -> None:
    make_image("a/noextension")
    make_image("b/wrong.txt")
    (tmp_path / "a" / "notes.png").write_text("no image")
    (tmp_path / "a" / "empty.png").touch()
    make_image("b/deeper/1.png")
    make_image("loose.png")
    manifest = open_dataset(tmp_path)
    assert [name for name, _, _ in table(manifest)] == ["a/noextension", "b/wrong.txt"]
    assert [p.relative_to(manifest.root).as_posix() for p in manifest.skipped] == [
        "a/empty.png",
        "a/notes.png",
        "b/deeper",
        "loose.png",
    ]


def test_a_file_that_may_not_be_opened_is_a_row(
    tmp_path: Path, make_image: MakeImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = make_image("a/1.png")
    make_image("b/1.png")
    opened = Path.open

    def refuse(path: Path, *rest: Any) -> Any:
        if path == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *rest)

    monkeypatch.setattr(Path, "open", refuse)
    manifest = open_dataset(tmp_path)
    assert locked in {row.path for row in manifest.rows}
    (fault,) = survey(manifest, folders=True)[0].faults
    assert (fault.kind, fault.detail) == ("unreadable", "Permission denied")


def test_litter_is_passed_over_without_a_word(tmp_path: Path, make_image: MakeImage) -> None:
    for name in (
        "train/a/1.png",
        "train/b/1.png",
        "train/a/.hidden.png",
        "__MACOSX/a/1.png",
        ".git/x/1.png",
    ):
        make_image(name)
    for name in ("Thumbs.db", "train/a/Thumbs.db", "train/.DS_Store", "train/b/desktop.ini"):
        (tmp_path / name).touch()
    manifest = open_dataset(tmp_path)
    assert len(manifest) == 2
    assert manifest.skipped == ()


def test_a_folder_beside_the_splits_is_told(tmp_path: Path, make_image: MakeImage) -> None:
    for name in ("train/a/1.png", "train/b/1.png", "masks/1.png"):
        make_image(name)
    manifest = open_dataset(tmp_path)
    assert manifest.skipped == (manifest.root / "masks",)


@pytest.mark.parametrize("prefix", ["", "train/"])
def test_the_description_in_the_root_is_read(
    tmp_path: Path, make_image: MakeImage, prefix: str
) -> None:
    make_image(f"{prefix}a/1.png")
    make_image(f"{prefix}b/1.png")
    DatasetInfo(title="T").save(tmp_path)
    manifest = open_dataset(tmp_path)
    assert manifest.info.title == "T"
    assert manifest.skipped == ()


def test_a_manifest_wins_over_folders(tmp_path: Path, make_image: MakeImage) -> None:
    image = make_image("a/1.png")
    make_image("b/1.png")
    for name in ("manifest.csv", "other.csv"):
        Manifest(tmp_path, (Row(image.resolve(), name),)).save(tmp_path / name)
    assert open_dataset(tmp_path).labels == ("manifest.csv",)
    assert open_dataset(tmp_path / "other.csv").labels == ("other.csv",)


def test_the_working_folder_may_be_given_as_a_dot(
    tmp_path: Path, make_image: MakeImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_image("a/1.png")
    make_image("b/1.png")
    monkeypatch.chdir(tmp_path)
    assert all(row.path.is_absolute() for row in open_dataset(Path()).rows)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is nothing at"):
        open_dataset(tmp_path / "none")


def test_no_image(tmp_path: Path) -> None:
    (tmp_path / "train" / "a").mkdir(parents=True)
    with pytest.raises(DataError, match=r"No image was found.*ROOT/train/<class>"):
        open_dataset(tmp_path)


def test_one_class_only(tmp_path: Path, make_image: MakeImage) -> None:
    make_image("train/a/1.png")
    with pytest.raises(DataError, match=r"One class only.*: a\."):
        open_dataset(tmp_path)


def test_a_file_that_is_no_manifest(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("1,2\n")
    with pytest.raises(ManifestError):
        open_dataset(path)
