import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brainlens.bundle import BundleInfo, load_bundle, pack, write_bundle
from brainlens.bundle.card import card
from brainlens.bundle.schema import CARD, DESCRIPTION, GRAPH, NOTICE, WEIGHTS, Metric, Thresholds
from brainlens.classes import ClassInfo
from brainlens.errors import BundleInvalid, StorageError, UsageError


def test_every_file_is_hashed(
    tmp_path: Path, tiny_info: BundleInfo, tiny_files: dict[str, bytes]
) -> None:
    info = write_bundle(tmp_path / "b", tiny_info, tiny_files)
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (tmp_path / "b").iterdir()
        if path.name != DESCRIPTION
    }
    assert info.files == found
    assert set(found) == {GRAPH, WEIGHTS, CARD, NOTICE}
    assert info.decision_sha256 == info.decision_hash()
    assert load_bundle(tmp_path / "b").info == info
    assert (tmp_path / "b" / CARD).read_text(encoding="utf-8") == card(info)


def test_the_same_bundle_is_the_same_bytes(
    tmp_path: Path, tiny_info: BundleInfo, tiny_files: dict[str, bytes]
) -> None:
    for name in ("a", "b"):
        write_bundle(tmp_path / name, tiny_info, tiny_files)
        pack(load_bundle(tmp_path / name), tmp_path / f"{name}.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_stale_hashes_given_are_not_believed(
    tmp_path: Path, tiny_info: BundleInfo, tiny_files: dict[str, bytes]
) -> None:
    stale = tiny_info.model_copy(
        update={"files": {GRAPH: "0" * 64}, "decision_sha256": "1", "description_sha256": "2"}
    )
    assert write_bundle(tmp_path / "a", stale, tiny_files) == write_bundle(
        tmp_path / "b", tiny_info, tiny_files
    )


def test_only_what_decides_moves_the_decision_hash(
    tmp_path: Path, tiny_info: BundleInfo, tiny_files: dict[str, bytes]
) -> None:
    def decision(folder: str, files: dict[str, bytes] = tiny_files, **changes: object) -> str:
        info = tiny_info.model_copy(update=changes)
        return write_bundle(tmp_path / folder, info, files).decision_sha256

    base = decision("base")
    assert decision("renamed", name="other", version="2") == base
    assert decision("rewritten", {**tiny_files, WEIGHTS: b"rounded otherwise"}) == base
    others = {
        decision("hotter", temperature=1.5),
        decision("stricter", thresholds=Thresholds(confidence=0.8)),
        decision("swapped", classes=tiny_info.classes[::-1]),
        decision("resized", preprocess=tiny_info.preprocess.model_copy(update={"size": 64})),
        decision("gated", gates=({"kind": "any"},)),
        decision("regraphed", {**tiny_files, GRAPH: b"another graph"}),
        decision("gate", {**tiny_files, "gate.safetensors": b"statistics"}),
    }
    assert len(others | {base}) == 8


def test_a_folder_that_is_there_is_left_alone(
    tmp_path: Path, tiny_info: BundleInfo, tiny_files: dict[str, bytes]
) -> None:
    (tmp_path / "b").mkdir()
    with pytest.raises(UsageError, match="never overwritten"):
        write_bundle(tmp_path / "b", tiny_info, tiny_files)
    assert list((tmp_path / "b").iterdir()) == []


def test_a_failed_write_leaves_nothing(
    tmp_path: Path, tiny_info: BundleInfo, tiny_files: dict[str, bytes]
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        write_bundle(tmp_path / "file" / "b", tiny_info, tiny_files)
    broken: dict[str, bytes] = {**tiny_files, WEIGHTS: "not bytes"}  # type: ignore[dict-item] # the mistake under test
    with pytest.raises(TypeError):
        write_bundle(tmp_path / "b", tiny_info, broken)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("name", [CARD, NOTICE, DESCRIPTION, "../x", "notes.txt"])
def test_files_made_here_are_not_taken(
    tmp_path: Path, tiny_info: BundleInfo, tiny_files: dict[str, bytes], name: str
) -> None:
    with pytest.raises(UsageError, match=f"not taken: {name}"):
        write_bundle(tmp_path / "b", tiny_info, {**tiny_files, name: b""})


def test_a_missing_file_is_named(
    tmp_path: Path, tiny_info: BundleInfo, tiny_files: dict[str, bytes]
) -> None:
    with pytest.raises(UsageError, match=r"missing: weights\.safetensors"):
        write_bundle(tmp_path / "b", tiny_info, {GRAPH: tiny_files[GRAPH]})


def test_a_figure_that_is_not_finite_is_refused(
    tmp_path: Path, tiny_info: BundleInfo, tiny_files: dict[str, bytes]
) -> None:
    bad = Metric(name="loss", value=float("nan"), split="test", protocol="given", n_slices=1)
    with pytest.raises(BundleInvalid, match=r"bundle\.json cannot be written"):
        write_bundle(tmp_path / "b", tiny_info.model_copy(update={"metrics": (bad,)}), tiny_files)
    assert not (tmp_path / "b").exists()


def test_two_classes_of_one_name_are_refused(tiny_info: BundleInfo) -> None:
    old = tiny_info.model_dump(by_alias=True)
    twin = {**old["classes"][1], "aliases": [old["classes"][0]["id"]]}
    with pytest.raises(ValueError, match="two classes share an id or an alias"):
        BundleInfo.model_validate({**old, "classes": [old["classes"][0], twin]})


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=40)
@given(
    title=TEXT,
    ids=st.lists(TEXT.filter(bool), min_size=2, max_size=5, unique=True),
    temperature=st.floats(min_value=1e-6, max_value=1e6),
    value=st.none() | FINITE,
    interval=st.none() | st.tuples(FINITE, FINITE),
    gates=st.lists(st.dictionaries(TEXT, FINITE | st.integers() | TEXT, max_size=3), max_size=2),
)
def test_any_description_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    tiny_info: BundleInfo,
    tiny_files: dict[str, bytes],
    title: str,
    ids: list[str],
    temperature: float,
    value: float | None,
    interval: tuple[float, float] | None,
    gates: list[dict[str, float | int | str]],
) -> None:
    folder = tmp_path_factory.mktemp("any")
    metric = Metric(
        name=title, value=value, interval=interval, split="test", protocol=title, n_slices=1
    )
    info = tiny_info.model_copy(
        update={
            "classes": tuple(ClassInfo.from_id(class_id) for class_id in ids),
            "temperature": temperature,
            "metrics": (metric,),
            "gates": tuple(gates),
            "training": tiny_info.training.model_copy(update={"data_title": title}),
        }
    )
    written = write_bundle(folder / "b", info, tiny_files)
    loaded = load_bundle(folder / "b")
    assert loaded.info == written
    zipped = load_bundle(pack(loaded, folder / "b.zip"))
    assert zipped.info == written
    assert zipped.read(GRAPH) == tiny_files[GRAPH]
