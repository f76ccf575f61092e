import zipfile
from pathlib import Path

import pytest

from brainlens.bundle import Bundle, load_bundle, pack
from brainlens.errors import StorageError, UsageError


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Path) -> Bundle:
    return load_bundle(tiny_bundle)


def test_a_packed_bundle_is_the_same_bundle(bundle: Bundle, tmp_path: Path) -> None:
    loaded = load_bundle(pack(bundle, tmp_path / "sub" / "b.zip"))
    assert loaded.info == bundle.info
    assert {n: loaded.read(n) for n in loaded.names} == {n: bundle.read(n) for n in bundle.names}


def test_packing_a_packed_bundle_gives_the_same_bytes(bundle: Bundle, tmp_path: Path) -> None:
    first = pack(bundle, tmp_path / "1.zip")
    second = pack(load_bundle(first), tmp_path / "2.zip")
    assert first.read_bytes() == second.read_bytes()


def test_any_zip_tool_unpacks_it(bundle: Bundle, tmp_path: Path) -> None:
    with zipfile.ZipFile(pack(bundle, tmp_path / "b.zip")) as archive:
        archive.extractall(tmp_path / "out")
    assert load_bundle(tmp_path / "out").info == bundle.info


def test_a_file_that_is_there_is_left_alone(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(b"mine")
    with pytest.raises(UsageError, match="never overwritten"):
        pack(bundle, tmp_path / "b.zip")
    assert (tmp_path / "b.zip").read_bytes() == b"mine"


def test_a_file_system_that_refuses_is_told(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        pack(bundle, tmp_path / "file" / "b.zip")
