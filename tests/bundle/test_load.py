import json
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brainlens.bundle import Bundle, BundleInfo, load_bundle, pack, write_bundle
from brainlens.bundle.description import encode, seal
from brainlens.bundle.schema import CARD, DESCRIPTION, GRAPH, NOTICE, WEIGHTS
from brainlens.errors import BundleInvalid, BundleNotFound, StorageError

FILES = (GRAPH, WEIGHTS, CARD, NOTICE, DESCRIPTION)


@pytest.fixture(scope="module")
def bundle(
    tmp_path_factory: pytest.TempPathFactory, tiny_info: BundleInfo, tiny_files: dict[str, bytes]
) -> Bundle:
    folder = tmp_path_factory.mktemp("load") / "tiny"
    write_bundle(folder, tiny_info, tiny_files)
    return load_bundle(folder)


@pytest.fixture
def copy(bundle: Bundle, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle.path, tmp_path / "copy"))


def test_what_is_read_is_what_was_written(bundle: Bundle, tiny_files: dict[str, bytes]) -> None:
    assert bundle.read(GRAPH) == tiny_files[GRAPH]
    assert bundle.read(WEIGHTS) == tiny_files[WEIGHTS]
    assert bundle.names == tuple(sorted(FILES))


def test_a_file_changed_on_disk_later_changes_nothing(
    copy: Path, tiny_files: dict[str, bytes]
) -> None:
    loaded = load_bundle(copy)
    (copy / GRAPH).write_bytes(b"other")
    assert loaded.read(GRAPH) == tiny_files[GRAPH]


def test_a_file_the_bundle_does_not_have_is_named(bundle: Bundle) -> None:
    with pytest.raises(BundleInvalid, match=r"has no gate\.safetensors"):
        bundle.read("gate.safetensors")


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(BundleNotFound, match="nowhere"):
        load_bundle(tmp_path / "nowhere")


def test_a_folder_that_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleInvalid, match=r"has no bundle\.json"):
        load_bundle(tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(BundleInvalid, match=name):
        load_bundle(copy)


def test_a_bundle_that_never_had_its_notice(copy: Path, bundle: Bundle) -> None:
    (copy / NOTICE).unlink()
    files = {name: sha for name, sha in bundle.info.files.items() if name != NOTICE}
    info = seal(bundle.info.model_copy(update={"files": files}))
    (copy / DESCRIPTION).write_bytes(encode(info))
    with pytest.raises(BundleInvalid, match="NOTICE is missing"):
        load_bundle(copy)


@pytest.mark.parametrize("name", ["notes.txt", ".DS_Store", "MODEL.ONNX", "bundle.json.bak"])
def test_an_extra_file_is_named(copy: Path, name: str) -> None:
    (copy / name).write_bytes(b"")
    with pytest.raises(BundleInvalid, match=name):
        load_bundle(copy)


def test_a_file_that_is_known_but_not_recorded(copy: Path) -> None:
    (copy / "gate.safetensors").write_bytes(b"gate")
    with pytest.raises(BundleInvalid, match=r"gate\.safetensors, which bundle\.json does not"):
        load_bundle(copy)


def test_a_folder_in_place_of_a_file(copy: Path) -> None:
    (copy / GRAPH).unlink()
    (copy / GRAPH).mkdir()
    with pytest.raises(BundleInvalid, match=r"model\.onnx of the bundle is a link or a folder"):
        load_bundle(copy)


def test_a_link_is_not_followed(copy: Path, bundle: Bundle) -> None:
    (copy / GRAPH).unlink()
    (copy / GRAPH).symlink_to(bundle.path / GRAPH)
    with pytest.raises(BundleInvalid, match=r"model\.onnx of the bundle is a link"):
        load_bundle(copy)


def test_too_many_bytes_are_not_read(copy: Path, tmp_path: Path) -> None:
    size = sum(path.stat().st_size for path in copy.iterdir())
    zipped = pack(load_bundle(copy, max_total_bytes=size), tmp_path / "b.zip")
    assert load_bundle(zipped, max_total_bytes=size)
    for path in (copy, zipped):
        with pytest.raises(BundleInvalid, match=f"exceeds {size - 1} bytes"):
            load_bundle(path, max_total_bytes=size - 1)


def test_a_file_system_that_refuses(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    # Root may read anything, so a mode cannot make the system refuse.
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(StorageError, match="Permission denied"):
        load_bundle(copy)


@settings(max_examples=150)
@given(data=st.data())
def test_any_flipped_bit_is_found(bundle: Bundle, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(FILES))
    path = bundle.path / name
    content = path.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))
    changed = bytearray(content)
    changed[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        path.write_bytes(changed)
        with pytest.raises(BundleInvalid, match=name):
            load_bundle(bundle.path)
    finally:
        path.write_bytes(content)
    load_bundle(bundle.path)


@settings(max_examples=150)
@given(data=st.data())
def test_any_flipped_bit_of_a_zip_is_found_or_harmless(
    bundle: Bundle, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("zip")
    content = bytearray(pack(bundle, folder / "good.zip").read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    (folder / "bad.zip").write_bytes(content)
    try:
        loaded = load_bundle(folder / "bad.zip")
    except BundleInvalid:
        return
    assert loaded.info == bundle.info
    assert {n: loaded.read(n) for n in loaded.names} == {n: bundle.read(n) for n in bundle.names}


@given(st.binary(max_size=300))
def test_any_bytes_are_a_zip_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("zip") / "b.zip"
    path.write_bytes(data)
    with pytest.raises(BundleInvalid):
        load_bundle(path)


def _rewrite(copy: Path, change: Callable[[dict[str, object]], None]) -> None:
    """Change the description as someone would who also spells it as we do."""
    raw = json.loads((copy / DESCRIPTION).read_text(encoding="utf-8"))
    change(raw)
    text = json.dumps(raw, indent=2, ensure_ascii=False) + "\n"
    (copy / DESCRIPTION).write_text(text, encoding="utf-8")


def test_another_schema_says_what_to_install(copy: Path) -> None:
    _rewrite(copy, lambda raw: raw.update(schema=2))
    with pytest.raises(BundleInvalid, match="has schema 2; this version reads schema 1") as caught:
        load_bundle(copy)
    assert "newer" in caught.value.hint


def test_an_unknown_field_is_named(copy: Path) -> None:
    _rewrite(copy, lambda raw: raw.update(mood="good"))
    with pytest.raises(BundleInvalid, match="breaks its schema at mood"):
        load_bundle(copy)


def test_a_changed_figure_is_found(copy: Path) -> None:
    _rewrite(copy, lambda raw: raw.update(temperature=2.0))
    with pytest.raises(BundleInvalid, match=r"bundle\.json was changed"):
        load_bundle(copy)


@pytest.mark.parametrize(
    "respell",
    [
        lambda text: text.replace("  ", "\t", 1),
        lambda text: text + "\n",
        lambda text: text.replace('"tiny"', '"t\\u0069ny"'),
        lambda text: text.replace("\n", "\r\n"),
    ],
)
def test_another_spelling_of_the_same_description_is_found(
    copy: Path, respell: Callable[[str], str]
) -> None:
    text = (copy / DESCRIPTION).read_text(encoding="utf-8")
    (copy / DESCRIPTION).write_bytes(respell(text).encode())
    with pytest.raises(BundleInvalid, match=r"bundle\.json was changed"):
        load_bundle(copy)


def test_a_decision_hash_of_something_else_is_found(copy: Path, bundle: Bundle) -> None:
    info = seal(bundle.info.model_copy(update={"temperature": 2.0}))
    (copy / DESCRIPTION).write_bytes(encode(info))
    with pytest.raises(BundleInvalid, match="decision_sha256"):
        load_bundle(copy)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]\n",
        b"null\n",
        b"{",
        b"\xff",
        b'{"schema": NaN}',
        b"[" * 100_000,
        b'{"a": "\\ud800"}',
        b'{\n  "schema": 1,\n  "schema": 1\n}\n',
    ],
)
def test_a_description_that_is_no_json_object(copy: Path, content: bytes) -> None:
    (copy / DESCRIPTION).write_bytes(content)
    with pytest.raises(BundleInvalid, match=r"bundle\.json"):
        load_bundle(copy)


def test_other_line_ends_say_which_file_was_changed(copy: Path) -> None:
    text = (copy / CARD).read_bytes()
    (copy / CARD).write_bytes(text.replace(b"\n", b"\r\n"))
    with pytest.raises(BundleInvalid, match=r"README\.md was changed"):
        load_bundle(copy)


def _zip(bundle: Bundle, path: Path, extra: dict[str, bytes], compression: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name in bundle.names:
            archive.writestr(name, bundle.read(name))
        for name, data in extra.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_made_by_hand_is_read(bundle: Bundle, tmp_path: Path, compression: int) -> None:
    loaded = load_bundle(_zip(bundle, tmp_path / "b.zip", {}, compression))
    assert loaded.info == bundle.info
    assert loaded.read(GRAPH) == bundle.read(GRAPH)


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/passwd",
        "..\\evil",
        "C:\\evil",
        "tiny/",
        "tiny/model.onnx",
        "./model.onnx",
    ],
)
def test_a_zip_with_a_name_of_no_bundle(bundle: Bundle, tmp_path: Path, name: str) -> None:
    with pytest.raises(BundleInvalid, match="belongs to no bundle"):
        load_bundle(_zip(bundle, tmp_path / "b.zip", {name: b""}))
    assert [path.name for path in tmp_path.iterdir()] == ["b.zip"]


def test_a_zip_with_a_name_cut_by_a_nul(bundle: Bundle, tmp_path: Path) -> None:
    path = _zip(bundle, tmp_path / "b.zip", {"gate.safetensors!txt": b""})
    path.write_bytes(path.read_bytes().replace(b"safetensors!", b"safetensors\x00"))
    with pytest.raises(BundleInvalid, match="belongs to no bundle"):
        load_bundle(path)


def test_a_zip_with_a_name_twice(bundle: Bundle, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = _zip(bundle, tmp_path / "b.zip", {GRAPH: b"other"})
    with pytest.raises(BundleInvalid, match=r"model\.onnx twice"):
        load_bundle(path)


def test_a_zip_with_a_link(bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in bundle.names:
            entry = zipfile.ZipInfo(name)
            if name == GRAPH:
                entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, bundle.read(name))
    with pytest.raises(BundleInvalid, match=r"model\.onnx of the bundle is a link"):
        load_bundle(path)


def test_a_zip_bomb_is_not_unpacked(bundle: Bundle, tmp_path: Path) -> None:
    path = _zip(bundle, tmp_path / "b.zip", {"gate.safetensors": bytes(4_000_000)}, 8)
    assert path.stat().st_size < 100_000
    with pytest.raises(BundleInvalid, match=r"With gate\.safetensors the bundle exceeds"):
        load_bundle(path, max_total_bytes=3_000_000)


def test_a_zip_that_lies_about_a_size(bundle: Bundle, tmp_path: Path) -> None:
    path = _zip(bundle, tmp_path / "b.zip", {"gate.safetensors": bytes(4_000_000)}, 8)
    content = path.read_bytes()
    small = (1000).to_bytes(4, "little")
    path.write_bytes(content.replace((4_000_000).to_bytes(4, "little"), small))
    with pytest.raises(BundleInvalid):
        load_bundle(path, max_total_bytes=3_000_000)
