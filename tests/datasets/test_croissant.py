import json
from collections.abc import Callable
from pathlib import Path

import pytest

from brainlens.datasets.croissant import croissant_path, write_croissant
from brainlens.datasets.info import DatasetInfo
from brainlens.datasets.manifest import COLUMNS, Manifest, Row
from brainlens.files import sha256_file

MakeImage = Callable[..., Path]


@pytest.fixture
def csv(tmp_path: Path, make_image: MakeImage) -> Path:
    """Return a saved and described manifest of two slices, one with all columns filled."""
    mask = make_image("masks/1.png")
    rows = (
        Row(make_image("images/é 1.png", 1), "alpha", "p1", "g1", "train", "grouped", 2, mask),
        Row(make_image("images/2.png", 2), "beta", synthetic=True),
    )
    info = DatasetInfo(
        title="A set",
        authors=("A. Author", "B. Author"),
        source="https://doi.org/10.1/1",
        licence="CC BY 4.0",
        attribution="A. Author, a set.",
        changes="None.",
    )
    path = tmp_path / "slices.csv"
    manifest = Manifest(tmp_path, rows, info)
    manifest.save(path)
    assert write_croissant(manifest, path) == croissant_path(path)
    return path


def test_what_is_known_of_the_set_is_said(csv: Path) -> None:
    found = json.loads((csv.parent / "slices.croissant.json").read_text(encoding="utf-8"))
    assert found["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert found["name"] == "A set"
    assert [author["name"] for author in found["creator"]] == ["A. Author", "B. Author"]
    assert found["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert found["url"] == "https://doi.org/10.1/1"
    assert found["citeAs"] == "A. Author, a set."
    assert "no patient was imaged" in found["description"]
    assert found["distribution"][0]["sha256"] == sha256_file(csv)
    fields = found["recordSet"][0]["field"]
    assert tuple(field["source"]["extract"]["column"] for field in fields) == COLUMNS


def test_nothing_is_made_up(tmp_path: Path, make_image: MakeImage) -> None:
    manifest = Manifest(tmp_path, (Row(make_image("1.png"), "a"),), DatasetInfo(source="a disk"))
    manifest.save(tmp_path / "mine.csv")
    found = json.loads(write_croissant(manifest, tmp_path / "mine.csv").read_text())
    assert found["name"] == "mine"
    assert not {"creator", "license", "url", "citeAs"} & set(found)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the reader's own libraries
def test_another_reader_understands_it(csv: Path) -> None:
    croissant = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    dataset = croissant.Dataset(jsonld=str(croissant_path(csv)))
    assert list(dataset.metadata.ctx.issues.errors) == []
    rows = list(dataset.records("slices"))
    assert rows[0]["slices/path"] == "images/é 1.png".encode()
    assert rows[0]["slices/label"] == b"alpha"
    assert rows[0]["slices/fold"] == 2
    assert rows[1]["slices/synthetic"] == 1
