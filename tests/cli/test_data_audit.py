import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from brainlens.bundle import load_bundle, revise
from brainlens.datasets.open import open_dataset

from .conftest import Command


@pytest.fixture(scope="module")
def leaky(brainlens: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data") / "leaky"
    brainlens(
        "data", "phantom", root, "--slices", 48, "--size", 128, "--layout", "folders",
        "--copies", 6,
    )  # fmt: skip
    return root


@pytest.fixture(scope="module")
def report(brainlens: Command, leaky: Path) -> Path:
    out = leaky.parent / "report"
    said = brainlens("data", "audit", leaky, "--out", out)
    assert said.status == 0
    assert "of the test images" in said.out.splitlines()[0]
    assert "Not a medical device" in said.out
    assert f"Wrote {out / 'report.html'}." in said.err
    return out


def test_the_manifest_of_a_report_can_be_split(
    brainlens: Command, report: Path, tmp_path: Path
) -> None:
    said = brainlens("data", "split", report / "manifest.csv", "--out", tmp_path / "g.csv")
    assert said.status == 0
    assert "Clean split" in said.out


def test_strict_fails_on_a_leak_after_the_report_is_written(
    brainlens: Command, leaky: Path, tmp_path: Path
) -> None:
    said = brainlens("data", "audit", leaky, "--out", tmp_path / "r", "--strict")
    assert said.status == 1
    assert said.err.splitlines()[-1].startswith(f"Error: The split of {leaky} leaks. Train from")
    assert (tmp_path / "r" / "report.html").is_file()


def test_strict_is_content_with_a_clean_split(
    brainlens: Command, report: Path, tmp_path: Path
) -> None:
    said = brainlens(
        "data", "audit", report / "manifest.csv", "--out", tmp_path / "r", "--strict", "--json"
    )
    assert said.status == 0
    assert json.loads(said.out) == json.loads((tmp_path / "r" / "audit.json").read_text())


def test_the_report_goes_where_one_stands_by_the_name_of_the_data(
    brainlens: Command, tmp_path: Path, slice_png: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for number, label in enumerate("ab"):
        (tmp_path / "elsewhere" / "set v1.2" / label).mkdir(parents=True)
        (tmp_path / "elsewhere" / "set v1.2" / label / "1.png").write_bytes(slice_png(number))
    monkeypatch.chdir(tmp_path)
    assert brainlens("data", "audit", tmp_path / "elsewhere" / "set v1.2").status == 0
    report = tmp_path / "set v1.2-audit"
    assert (report / "report.html").is_file()
    assert brainlens("data", "audit", report / "manifest.csv").status == 0
    assert (tmp_path / "manifest-audit" / "report.html").is_file()


def test_a_bundle_says_what_it_was_trained_on(
    brainlens: Command, tiny_set: Path, tiny_bundle: Path, tmp_path: Path
) -> None:
    said = brainlens(
        "data", "audit", tiny_set, "--out", tmp_path / "r", "--bundle", tiny_bundle, "--json"
    )
    assert said.status == 0
    found = json.loads(said.out)
    assert found["bundle"] == {"name": "tiny 0.0.1", "seen": ["beta/seen.png"]}
    assert [f["path"] for f in found["files"] if f["unusable"]] == ["folder_gamma/damaged.png"]


def test_a_bundle_that_does_not_say(
    brainlens: Command, tiny_set: Path, tiny_bundle: Path, tmp_path: Path
) -> None:
    revise(load_bundle(tiny_bundle), tmp_path / "private", seen=None)
    said = brainlens("data", "audit", tiny_set, "--bundle", tmp_path / "private")
    assert said.status == 2
    assert "does not say what it was trained on" in said.error


@pytest.mark.parametrize("content", ["path\na.png\n", "path;label\n", 'path,label\n"a.png', "\xff"])
def test_a_bad_manifest_is_one_error(brainlens: Command, tmp_path: Path, content: str) -> None:
    (tmp_path / "m.csv").write_bytes(content.encode("latin-1"))
    assert brainlens("data", "audit", tmp_path / "m.csv", "--out", tmp_path / "r").status == 2
    assert not (tmp_path / "r").exists()


def test_other_bad_input_is_one_error(
    brainlens: Command, tmp_path: Path, slice_png: Callable[..., bytes]
) -> None:
    (tmp_path / "flat").mkdir()
    (tmp_path / "flat" / "1.png").write_bytes(slice_png(0))
    for path in ("nothing", "flat"):
        said = brainlens("data", "audit", tmp_path / path, "--out", tmp_path / "r")
        assert said.status == 2
        assert said.error
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("")
    said = brainlens("data", "audit", tmp_path / "flat", "--out", tmp_path / "full")
    assert "is not empty" in said.error


def test_names_of_every_kind_end_in_the_report(brainlens: Command, tmp_path: Path) -> None:
    for number, folder in enumerate(["a b", "é<script>"]):
        (tmp_path / "set" / folder).mkdir(parents=True)
        for i in range(2):
            pixels = Image.effect_noise((64, 64), 80 + 10 * (2 * number + i))
            pixels.save(tmp_path / "set" / folder / f"line\nbreak, \"{i}'.png")
    said = brainlens("data", "audit", tmp_path / "set", "--out", tmp_path / "r")
    assert said.status == 0
    assert len(open_dataset(tmp_path / "r")) == 4
    assert "<script>" not in (tmp_path / "r" / "report.html").read_text(encoding="utf-8")


CHENG = Path(__file__).parents[3] / "shared" / "data" / "cheng"


@pytest.mark.real_data
@pytest.mark.skipif(not CHENG.is_dir(), reason="the Cheng data set is not here")
def test_the_cheng_set_is_audited(brainlens: Command, tmp_path: Path) -> None:
    brainlens("data", "import-cheng", CHENG, "--out", tmp_path / "m.csv")
    said = brainlens("data", "audit", tmp_path / "m.csv", "--out", tmp_path / "r", "--json")
    assert said.status == 0
    found = json.loads(said.out)
    assert found["data"]["n_usable"] == 3064
    assert found["groups"]["patients_known"]
