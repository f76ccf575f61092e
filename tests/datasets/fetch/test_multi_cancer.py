import shutil
from pathlib import Path

import kagglehub
import numpy as np
import pytest
from PIL import Image

from brainlens.datasets import open_dataset
from brainlens.datasets.fetch.multi_cancer import HANDLE, MULTI_CANCER_INFO, fetch_multi_cancer
from brainlens.datasets.split_check import check_split
from brainlens.errors import DataError, ServiceUnavailable, StorageError, UsageError
from brainlens.files import sha256_file
from brainlens.words import UNVERIFIED_LICENCE

CLASSES = ("brain_glioma", "brain_menin", "brain_tumor")
PER_CLASS = 8


def picture(seed: int) -> Image.Image:
    """Return a smooth random picture, so that a copy in other bytes is known as one."""
    noise = np.random.default_rng(seed).integers(0, 256, (8, 8), dtype=np.uint8)
    return Image.fromarray(noise).resize((96, 96), Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def arrived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what Kaggle's client leaves: other cancers too, the folder deep inside."""
    root = tmp_path_factory.mktemp("kaggle")
    brain = root / "Multi Cancer" / "Multi Cancer" / "Brain Cancer"
    for c, label in enumerate(CLASSES):
        (brain / label).mkdir(parents=True)
        for n in range(PER_CLASS):
            picture(100 * c + n).save(brain / label / f"{label}_{n:04d}.jpg", quality=95)
        # A copy of the first, saved again.
        picture(100 * c).save(brain / label / f"{label}_again.jpg", quality=70)
    (brain / CLASSES[0] / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    # One picture in two classes: nobody knows which is right.
    for label in CLASSES[:2]:
        picture(999).save(brain / label / "both.png")
    other = root / "Multi Cancer" / "Multi Cancer" / "ALL" / "all_benign"
    other.mkdir(parents=True)
    picture(5000).save(other / "1.jpg")
    return root


@pytest.fixture
def kaggle(arrived: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let Kaggle's client answer without a network; return what it was asked for."""
    asked: list[str] = []

    def dataset_download(handle: str) -> str:
        asked.append(handle)
        return str(arrived)

    monkeypatch.setattr(kagglehub, "dataset_download", dataset_download)
    return asked


def test_the_set_is_audited_split_by_groups_and_laid_out(
    kaggle: list[str], arrived: Path, tmp_path: Path
) -> None:
    out = tmp_path / "brain"
    fetched = fetch_multi_cancer(out, test_fraction=0.25, seed=1)
    manifest = open_dataset(out)
    assert fetched.manifest == manifest
    assert kaggle == [HANDLE]
    assert manifest.info == MULTI_CANCER_INFO
    assert manifest.info.licence == UNVERIFIED_LICENCE
    assert set(manifest.labels) == set(CLASSES)
    assert manifest.protocol == "grouped"
    # All but the broken one and the one of two classes; copies stay, in one group.
    assert len(manifest) == 3 * (PER_CLASS + 1)
    assert all(row.group for row in manifest.rows)
    assert check_split(manifest).status == "clean"
    for row in manifest.rows:
        assert row.path == out.resolve() / row.split / row.label / row.path.name
    for label in CLASSES:
        copies = [r for r in manifest.rows if r.path.stem in (f"{label}_0000", f"{label}_again")]
        assert len({(r.group, r.split) for r in copies}) == 1
    assert {split: len(manifest.select(split=split)) > 0 for split in ("train", "test")} == {
        "train": True,
        "test": True,
    }
    first = manifest.rows[0]
    (original,) = arrived.rglob(first.path.name)
    assert sha256_file(first.path) == sha256_file(original)
    assert (out / "manifest.croissant.json").is_file()
    assert fetched.audit is not None
    assert fetched.audit.contradictions


def test_the_report_lies_beside_and_its_manifest_leads_to_the_copies(
    kaggle: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "brain"
    fetch_multi_cancer(out)
    assert (out / "audit" / "report.html").is_file()
    single = open_dataset(out / "audit" / "manifest.csv")
    assert len(single) == 3 * PER_CLASS
    assert all(row.path.is_relative_to(out.resolve()) for row in single.rows)
    assert check_split(single).status == "clean"


def test_a_second_run_asks_nobody(kaggle: list[str], tmp_path: Path) -> None:
    first = fetch_multi_cancer(tmp_path / "brain")
    again = fetch_multi_cancer(tmp_path / "brain")
    assert again.manifest == first.manifest
    assert again.audit is None
    assert kaggle == [HANDLE]


def test_folders_of_others_and_a_full_disk(
    kaggle: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(UsageError, match="there already"):
        fetch_multi_cancer(tmp_path)
    (tmp_path / "manifest.csv").write_text("path,label\nmine.txt,a\n")
    with pytest.raises(UsageError, match="another data set"):
        fetch_multi_cancer(tmp_path)
    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(StorageError):
        fetch_multi_cancer(tmp_path / "new")


def test_another_set_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Brain Cancer" / "brain_glioma").mkdir(parents=True)
    monkeypatch.setattr(kagglehub, "dataset_download", lambda handle: str(tmp_path))
    with pytest.raises(DataError, match="has no folder 'Brain Cancer' with brain_glioma"):
        fetch_multi_cancer(tmp_path / "new")


@pytest.mark.parametrize(
    "failure",
    [
        ConnectionError("no route\nto host"),
        kagglehub.exceptions.UnauthenticatedError(),
        kagglehub.exceptions.BackendError("server"),
    ],
)
def test_what_kaggle_refuses_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def dataset_download(handle: str) -> str:
        raise failure

    monkeypatch.setattr(kagglehub, "dataset_download", dataset_download)
    with pytest.raises(ServiceUnavailable, match=r"Kaggle does not give [^\n]*$"):
        fetch_multi_cancer(tmp_path / "new")
