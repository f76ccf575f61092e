import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import kagglehub
import pytest

from brainlens.datasets import open_dataset
from brainlens.datasets.fetch import cheng, sample
from brainlens.datasets.fetch.patience import Patience

from ..cheng_originals import EXPECTED, originals
from ..file_server import FileServer, serving
from .conftest import Command

HASTY = Patience(retries=1, first_pause_s=0, longest_pause_s=0, connect_s=5, silence_s=2)


@pytest.fixture
def figshare(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setenv("NO_PROXY", "*")
    with serving() as server:
        originals().put_on(server)
        yield server


@pytest.fixture
def _small_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the small set pass for the whole one."""
    whole = partial(cheng.fetch_cheng, expect=EXPECTED, patience=HASTY)
    monkeypatch.setattr(cheng, "fetch_cheng", whole)
    some = partial(sample.fetch_sample, wanted={1: "meningioma"}, expect=EXPECTED.facts)
    monkeypatch.setattr(sample, "fetch_sample", some)


@pytest.mark.usefixtures("_small_set")
def test_the_cheng_set_is_fetched_twice_over_but_asked_for_once(
    brainlens: Command, figshare: FileServer, tmp_path: Path
) -> None:
    out = tmp_path / "cheng"
    said = brainlens("data", "fetch", "cheng", "--out", out, "--mirror", figshare.url)
    assert said.status == 0, said.err
    assert "6 slices" in said.out
    assert "Jun Cheng" in said.out
    assert "Licence: CC BY 4.0" in said.out
    assert f"Next: brainlens data split {out}" in said.out
    assert len(open_dataset(out)) == 6
    figshare.requests.clear()
    again = brainlens("data", "fetch", "cheng", "--out", out, "--mirror", figshare.url)
    assert (again.status, again.out) == (0, said.out)
    assert figshare.requests == []
    split = brainlens("data", "split", out, "--out", out / "split.csv", "--test-fold", 1)
    assert split.status == 0
    assert (out / "split.croissant.json").is_file()


def test_what_is_not_the_set_ends_in_one_line(
    brainlens: Command, figshare: FileServer, tmp_path: Path
) -> None:
    said = brainlens("data", "fetch", "cheng", "--out", tmp_path / "a", "--mirror", figshare.url)
    assert said.status == 2
    assert "not the Cheng data set: mask area of glioma" in said.error
    out = tmp_path / "b"
    said = brainlens("data", "sample", "--out", out, "--mirror", figshare.url)
    assert said.status == 2
    assert "slices [58, 93," in said.error
    assert not out.exists()


@pytest.mark.usefixtures("_small_set")
@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (["--mirror", "nonsense"], 2, "no address of a server"),
        (["--mirror", "http://127.0.0.1:9"], 3, "does not answer"),
        ([], 2, "holds other files"),
    ],
)
def test_bad_use_and_absent_servers(
    brainlens: Command, tmp_path: Path, options: list[str], status: int, says: str
) -> None:
    if not options:
        (tmp_path / "mine.txt").write_text("")
    said = brainlens("data", "fetch", "cheng", "--out", tmp_path, *options)
    assert said.status == status
    assert says in said.error


def test_a_firewall_for_browsers_is_explained(
    brainlens: Command, figshare: FileServer, tmp_path: Path
) -> None:
    figshare.always["storage/first_1-3.zip"] = "challenge"
    said = brainlens("data", "fetch", "cheng", "--out", tmp_path, "--mirror", figshare.url)
    assert said.status == 3
    assert "Download the files in a browser" in said.error


def test_kaggles_set_says_that_its_licence_is_not_verified(
    brainlens: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phantoms = tmp_path / "kaggle" / "Brain Cancer"
    made = brainlens(
        "data", "phantom", phantoms, "--slices", 48, "--size", 64, "--layout", "folders",
        "--name", "glioma=brain_glioma", "--name", "meningioma=brain_menin",
        "--name", "pituitary=brain_tumor",
    )  # fmt: skip
    assert made.status == 0
    (phantoms / "dataset.json").unlink()
    for label in ("brain_glioma", "brain_menin", "brain_tumor"):
        (phantoms / label).mkdir()
        for file in phantoms.glob(f"*/{label}/*"):
            file.rename(phantoms / label / file.name)
        for split in ("train", "test"):
            (phantoms / split / label).rmdir()
    (phantoms / "train").rmdir()
    (phantoms / "test").rmdir()
    monkeypatch.setattr(kagglehub, "dataset_download", lambda handle: str(tmp_path / "kaggle"))
    out = tmp_path / "brain"
    said = brainlens("data", "fetch", "multi-cancer", "--out", out)
    assert said.status == 0, said.err
    assert "Licence: unverified" in said.out
    assert "48 slices" in said.out
    assert f"Next: brainlens train --data {out}" in said.out


@pytest.mark.parametrize(
    ("verb", "module", "extra"),
    [
        (["fetch", "cheng"], "h5py", "data"),
        (["sample"], "h5py", "data"),
        (["fetch", "multi-cancer"], "kagglehub", "kaggle"),
    ],
)
def test_a_missing_extra_is_named(
    brainlens: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    verb: list[str],
    module: str,
    extra: str,
) -> None:
    for name in [n for n in sys.modules if n.startswith("brainlens.datasets.fetch.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    said = brainlens("data", *verb, "--out", tmp_path / "new")
    assert said.status == 2
    assert f"brainlens[{extra}]" in said.error
