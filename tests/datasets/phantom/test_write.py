import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from brainlens.datasets import open_dataset
from brainlens.datasets.fingerprint import with_hashes
from brainlens.datasets.phantom import write_phantoms
from brainlens.datasets.split_check import check_split
from brainlens.errors import UsageError
from brainlens.files import sha256_file
from brainlens.imaging.read import read

NAMES = {"glioma": "brain_glioma", "meningioma": "brain_menin", "pituitary": "brain_tumor"}


def files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_manifest_layout(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    manifest = write_phantoms(
        tmp_path / "set", 66, 1, size=48, progress=lambda *call: calls.append(call)
    )
    assert manifest == open_dataset(tmp_path / "set")
    assert calls[-1] == (66, 66)
    assert manifest.labels == ("glioma", "meningioma", "pituitary")
    assert manifest.synthetic
    assert manifest.info.synthetic
    assert manifest.n_patients == 12
    counts = manifest.counts()
    assert set(counts) == {"train", "test"}
    assert all(set(c) == set(manifest.labels) for c in counts.values())
    manifest.require_trainable()
    assert check_split(manifest).status == "clean"
    described = json.loads((tmp_path / "set" / "manifest.croissant.json").read_text())
    assert described["distribution"][0]["sha256"] == sha256_file(tmp_path / "set" / "manifest.csv")
    for row in manifest.rows:
        assert row.synthetic
        assert row.patient.startswith("phantom-")
        assert row.sha256 == sha256_file(row.path)
        assert row.mask is not None
        with Image.open(row.mask) as mask:
            assert mask.size == (48, 48)
            assert set(np.unique(np.asarray(mask))) == {0, 255}


def test_hashes_written_are_those_that_files_have(tmp_path: Path) -> None:
    manifest = write_phantoms(tmp_path / "set", 33, 1, size=32, copies=3, bits=16)
    bare = [row.__class__(row.path) for row in manifest.rows]
    again = with_hashes(manifest.with_rows(bare))
    assert [(r.sha256, r.pixel_sha256) for r in again.rows] == [
        (r.sha256, r.pixel_sha256) for r in manifest.rows
    ]


def test_folder_layout_with_names_of_its_own(tmp_path: Path) -> None:
    manifest = write_phantoms(tmp_path / "set", 66, 1, size=32, layout="folders", class_names=NAMES)
    assert {
        p.relative_to(tmp_path / "set").parent.as_posix() for p in (tmp_path / "set").rglob("*.png")
    } == {f"{split}/{name}" for split in ("train", "test") for name in NAMES.values()}
    assert manifest.labels == ("brain_glioma", "brain_menin", "brain_tumor")
    assert manifest.classes[0].aliases == ("glioma",)
    assert manifest.classes[2].display_name["en"] == "Pituitary tumour"
    assert manifest.synthetic
    assert all(row.synthetic for row in manifest.rows)
    assert manifest.skipped == ()


def test_both_layouts_hold_the_same_images(tmp_path: Path) -> None:
    one = with_hashes(write_phantoms(tmp_path / "a", 33, 2, size=32))
    other = with_hashes(write_phantoms(tmp_path / "b", 33, 2, size=32, layout="folders"))
    assert {(r.sha256, r.label, r.split) for r in one.rows} == {
        (r.sha256, r.label, r.split) for r in other.rows
    }


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_phantoms(tmp_path / name, 33, seed, size=32, copies=4)
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert files(tmp_path / "a") != files(tmp_path / "c")


@pytest.mark.parametrize("layout", ["manifest", "folders"])
def test_planted_copies_leak_by_bytes_and_by_pixels(tmp_path: Path, layout: Any) -> None:
    manifest = write_phantoms(tmp_path / "set", 40, 1, size=32, copies=7, layout=layout)
    assert len(manifest) == 47
    check = check_split(manifest)
    assert check.status == "leaky"
    assert len(check.shared_pixels) == 7
    assert 3 <= len(check.shared_bytes) <= 4
    assert check.shared_patients == ()


def test_heads_without_a_lesion_on_request(tmp_path: Path) -> None:
    manifest = write_phantoms(tmp_path / "set", 66, 1, size=32, no_lesion=True)
    assert manifest.labels == ("glioma", "meningioma", "pituitary", "no_tumour")
    assert [c.role for c in manifest.classes] == ["lesion"] * 3 + ["no_lesion"]
    assert all((row.mask is None) == (row.label == "no_tumour") for row in manifest.rows)


def test_sixteen_bits(tmp_path: Path) -> None:
    manifest = write_phantoms(tmp_path / "set", 33, 1, size=32, bits=16)
    pixels = read(manifest.rows[0].path).pixels
    assert pixels.dtype == np.uint16
    assert pixels.max() > 40000


def test_the_smallest_sets_have_every_class_on_both_sides(tmp_path: Path) -> None:
    for seed in range(4):
        counts = write_phantoms(tmp_path / str(seed), 33, seed, size=32).counts()
        assert all(len(counts[split]) == 3 for split in ("train", "test"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"slices": 32}, "too few for 3 classes.*33"),
        ({"slices": 43, "no_lesion": True}, "too few for 4 classes.*44"),
        ({"size": 31}, "size must be 32 to 1024"),
        ({"size": 1025}, "size must be"),
        ({"copies": -1}, "copies must be 0 to 20"),
        ({"copies": 21}, "copies must be 0 to 20"),
        ({"class_names": {"cat": "dog"}}, "No phantom class is called cat.*glioma"),
        ({"class_names": {"no_tumour": "no"}}, "No phantom class is called no_tumour"),
        ({"class_names": {"glioma": "pituitary"}}, "cannot be names"),
        ({"class_names": {"glioma": "a/b"}}, "cannot be names"),
        ({"class_names": {"glioma": ""}}, "cannot be names"),
        ({"class_names": {"glioma": ".."}}, "cannot be names"),
    ],
)
def test_arguments_out_of_range_are_refused_before_anything_is_written(
    tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        write_phantoms(tmp_path / "set", **{"slices": 40, "seed": 1, "size": 32, **arguments})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_left_alone_and_an_empty_one_is_filled(tmp_path: Path) -> None:
    used, empty = tmp_path / "used", tmp_path / "empty"
    used.mkdir()
    empty.mkdir()
    (used / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="there already"):
        write_phantoms(used, 33, 1, size=32)
    assert [p.name for p in used.iterdir()] == ["mine.txt"]
    assert len(write_phantoms(empty, 33, 1, size=32)) == 33


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    class Interruption(BaseException):
        pass

    def interrupt(done: int, total: int) -> None:
        if done == 10:
            raise Interruption

    with pytest.raises(Interruption):
        write_phantoms(tmp_path / "set", 33, 1, size=32, progress=interrupt)
    assert list(tmp_path.iterdir()) == []
