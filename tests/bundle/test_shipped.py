import shutil
from pathlib import Path

import pytest

from brainlens.bundle import find, load_bundle, shipped
from brainlens.errors import BundleNotFound


@pytest.fixture
def root(tmp_path: Path, tiny_bundle: Path) -> Path:
    for name in ("one", "two"):
        shutil.copytree(tiny_bundle, tmp_path / "bundles" / name)
    (tmp_path / "bundles" / "no-bundle").mkdir()
    return tmp_path / "bundles"


def test_bundles_are_found_by_name(root: Path) -> None:
    assert shipped(root) == {"one": root / "one", "two": root / "two"}
    assert find("two", root) == root / "two"


def test_bundles_are_found_by_path(root: Path, tiny_bundle: Path) -> None:
    assert find(tiny_bundle, root) == tiny_bundle
    assert find(str(tiny_bundle), root) == tiny_bundle


def test_a_shipped_name_wins_over_a_folder_here(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one").mkdir()
    monkeypatch.chdir(tmp_path)
    assert find("one", root) == root / "one"
    assert find("./one", root) == Path("one")


def test_an_unknown_name_lists_those_that_ship(root: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleNotFound, match="'three'") as caught:
        find("three", root)
    assert "one, two" in caught.value.hint
    with pytest.raises(BundleNotFound) as caught:
        find("three", tmp_path / "nowhere")
    assert "none" in caught.value.hint


@pytest.mark.parametrize("name", sorted(shipped()))
def test_what_ships_loads(name: str) -> None:
    bundle = load_bundle(find(name))
    assert bundle.info.name == name
    assert bundle.info.seen is not None
    assert sum(len(bundle.read(n)) for n in bundle.names) < 12_000_000
