import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brainlens.classes import ClassInfo
from brainlens.datasets.info import DatasetInfo
from brainlens.datasets.manifest import COLUMNS, Manifest, Row
from brainlens.errors import DataError, ManifestError

SHA = "0123456789abcdef" * 4
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\r"))


def write(folder: Path, text: str, *, encoding: str = "utf-8") -> Path:
    path = folder / "manifest.csv"
    path.write_bytes(text.encode(encoding))
    for name in ("a.png", "b.png", "m.png"):
        (folder / name).write_bytes(b"x")
    return path


def test_every_column_is_read(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        f"{','.join(COLUMNS)}\na.png,glioma,p1,g1,val,grouped,3,m.png,{SHA},{SHA[::-1]},1\n",
    )
    root = tmp_path.resolve()
    assert Manifest.load(path).rows == (
        Row(
            root / "a.png",
            "glioma",
            "p1",
            "g1",
            "val",
            "grouped",
            3,
            root / "m.png",
            SHA,
            SHA[::-1],
            True,
        ),
    )


def test_only_path_and_label_are_required_and_columns_of_other_names_are_passed_over(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "scanner,label,path\nX,,a.png\n\nY,glioma,b.png\n")
    first, second = Manifest.load(path).rows
    assert first == Row(tmp_path.resolve() / "a.png")
    assert second.label == "glioma"


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    assert Manifest.load(write(tmp_path, "path,label\na.png,é\n", encoding="utf-8-sig")).rows[
        0
    ].label == ("é")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column path and no column label"),
        ("path,patient\na.png,p\n", "no column label"),
        ("path;label\na.png;x\n", "no column path.*semicolons"),
        ("path,label,label\na.png,x,y\n", "same name"),
        ("path,label,patients\na.png,x,p\n", "'patients'.*Did you mean 'patient'"),
        ("path,label,Split\na.png,x,train\n", "Did you mean 'split'"),
        ("path,label\na.png,x\nb.png\n", "row 3: 1 cells where the header has 2"),
        ("path,label\na.png,x,y\n", "row 2: 3 cells"),
        ("path,label\n,x\n", "row 2, column path"),
        ("path,label,split\na.png,x,Train\n", "row 2, column split.*'Train'"),
        ("path,label,protocol\na.png,x,Random\n", "row 2, column protocol.*grouped, official"),
        ("path,label,fold\na.png,x,1.5\n", "row 2, column fold.*'1.5'"),
        ("path,label,fold\na.png,x,-1\n", "row 2, column fold"),
        (f"path,label,fold\na.png,x,{'9' * 5000}\n", "row 2, column fold.*, not '9{100}…'.$"),
        ("path,label,fold\na.png,x,²\n", "row 2, column fold"),
        ("path,label,synthetic\na.png,x,yes\n", "row 2, column synthetic.*'yes'"),
        ("path,label,sha256\na.png,x,12ab\n", "row 2, column sha256"),
        (f"path,label,pixel_sha256\na.png,x,{SHA.upper()}\n", "row 2, column pixel_sha256"),
        ("path,label\na.png,x\nb.png,x\n./a.png,y\n", "row 4, column path: .*row 2"),
        ('path,label\n"a.png,x\n', "not a CSV table"),
    ],
)
def test_a_broken_table_is_refused_naming_the_place(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ManifestError, match=message):
        Manifest.load(write(tmp_path, text))


def test_a_table_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="not UTF-8"):
        Manifest.load(write(tmp_path, "path,label\na.png,é\n", encoding="latin-1"))


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no manifest"):
        Manifest.load(tmp_path / "none.csv")


def test_missing_files_are_counted_and_the_first_named(tmp_path: Path) -> None:
    lines = "".join(f"gone{i}.png,x\n" for i in range(7))
    with pytest.raises(
        ManifestError, match=r"names 7 files .*row 3, column path: '.*gone0\.png.*gone4\.png'; …\."
    ):
        Manifest.load(write(tmp_path, f"path,label\na.png,x\n{lines}"))


def test_a_missing_mask_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"1 file .*row 2, column mask: '.*nomask\.png'\."):
        Manifest.load(write(tmp_path, "path,label,mask\na.png,x,nomask.png\n"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    label=WORDS,
    patient=WORDS,
    group=WORDS,
    split=st.sampled_from(["", "train", "val", "test"]),
    protocol=st.sampled_from(["", "grouped", "official", "random"]),
    fold=st.none() | st.integers(0, 99),
    sha=st.sampled_from(["", SHA]),
    synthetic=st.booleans(),
)
def test_any_row_survives_the_round_trip(
    tmp_path: Path,
    label: str,
    patient: str,
    group: str,
    split: str,
    protocol: str,
    fold: int | None,
    sha: str,
    synthetic: bool,
) -> None:
    image = tmp_path.resolve() / "a.png"
    image.write_bytes(b"x")
    row = Row(image, label, patient, group, split, protocol, fold, None, sha, sha, synthetic)
    Manifest(tmp_path.resolve(), (row,)).save(tmp_path / "m.csv")
    assert Manifest.load(tmp_path / "m.csv").rows == (row,)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows allows no such names")
@pytest.mark.parametrize(
    "name", ["a b.png", "été,1.png", 'quo"te.png', "new\nline.png", "r\r.png", " a.png", "#1.png"]
)
def test_any_file_name_survives_the_round_trip(tmp_path: Path, name: str) -> None:
    image = tmp_path.resolve() / name
    image.write_bytes(b"x")
    Manifest(tmp_path.resolve(), (Row(image, "x"),)).save(tmp_path / "m.csv")
    assert Manifest.load(tmp_path / "m.csv").rows[0].path == image


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux allows such names")
def test_a_name_that_is_not_unicode_is_refused(tmp_path: Path) -> None:
    row = Row(tmp_path / "bad\udcff.png", "x")
    with pytest.raises(ManifestError, match="not valid Unicode"):
        Manifest(tmp_path, (row,)).save(tmp_path / "m.csv")


def test_paths_are_written_relative_and_may_lead_out_of_the_folder(tmp_path: Path) -> None:
    images, tables = tmp_path / "images", tmp_path / "tables"
    images.mkdir()
    (images / "a.png").write_bytes(b"x")
    Manifest(images, (Row(images / "a.png", "x"),)).save(tables / "m.csv")
    assert "\n../images/a.png," in (tables / "m.csv").read_text()
    tmp_path.rename(tmp_path.with_name("moved"))
    moved = tmp_path.with_name("moved").resolve()
    assert Manifest.load(moved / "tables" / "m.csv").rows[0].path == moved / "images" / "a.png"


def test_a_table_reached_through_a_link_finds_its_images(tmp_path: Path) -> None:
    real = tmp_path / "deep" / "real"
    real.mkdir(parents=True)
    image = tmp_path / "a.png"
    image.write_bytes(b"x")
    (tmp_path / "link").symlink_to(real)
    Manifest(tmp_path, (Row(image, "x"),)).save(tmp_path / "link" / "m.csv")
    assert Manifest.load(tmp_path / "link" / "m.csv").rows[0].path.samefile(image)


def test_the_description_goes_with_the_table(tmp_path: Path) -> None:
    info = DatasetInfo(title="T")
    Manifest(tmp_path, (), info).save(tmp_path / "m.csv")
    assert Manifest.load(tmp_path / "m.csv").info == info


def rows(*labels_and_splits: tuple[str, str]) -> Manifest:
    root = Path("/data")
    return Manifest(
        root, tuple(Row(root / str(i), a, split=b) for i, (a, b) in enumerate(labels_and_splits))
    )


def test_labels_keep_the_order_of_the_description_then_sort() -> None:
    known = tuple(ClassInfo(id=i, display_name={"en": i.upper()}) for i in ("z", "m", "unused"))
    manifest = Manifest(
        Path("/d"),
        tuple(Row(Path(f"/d/{i}"), label) for i, label in enumerate(["b", "m", "", "a", "z", "a"])),
        DatasetInfo(classes=known),
    )
    assert manifest.labels == ("z", "m", "a", "b")
    assert [c.display_name["en"] for c in manifest.classes] == ["Z", "M", "a", "b"]


def test_group_key_falls_back_on_patient_then_on_the_slice() -> None:
    path = Path("/d/1")
    assert Row(path, patient="p", group="g").group_key == "g"
    assert Row(path, patient="p").group_key == "p"
    assert Row(path).group_key == str(path)


def test_select_and_counts() -> None:
    manifest = rows(("a", "train"), ("a", "train"), ("b", "train"), ("a", "test"), ("b", ""))
    assert len(manifest.select(split="train", label="a")) == 2
    assert len(manifest.select(split="")) == 1
    assert len(manifest.select()) == 5
    assert manifest.counts() == {"train": {"a": 2, "b": 1}, "test": {"a": 1}, "": {"b": 1}}


def test_patients_are_counted_only_where_all_are_known() -> None:
    first, second = Row(Path("/1"), patient="p"), Row(Path("/2"), patient="q")
    assert Manifest(Path("/"), (first, second, Row(Path("/3"), patient="p"))).n_patients == 2
    assert Manifest(Path("/"), (first, Row(Path("/3")))).n_patients is None
    assert Manifest(Path("/"), ()).n_patients is None


def test_one_generated_slice_makes_a_set_synthetic() -> None:
    assert Manifest(Path("/"), (Row(Path("/1")), Row(Path("/2"), synthetic=True))).synthetic
    assert not Manifest(Path("/"), (Row(Path("/1")),)).synthetic


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (rows(("a", "test"), ("b", "")), "No slice is in the split train"),
        (rows(("a", "train"), ("", "train"), ("", "train")), "2 slices .* no label"),
        (rows(("a", "train"), ("b", "test")), "one class only: a"),
        (
            rows(("a", "train"), ("b", "train"), ("c", "test"), ("A", "val")),
            "Not in the split train, yet in val or test: A, c",
        ),
    ],
)
def test_what_cannot_be_trained_on_is_refused(manifest: Manifest, message: str) -> None:
    with pytest.raises(DataError, match=message):
        manifest.require_trainable()


def test_what_can_be_trained_on_passes() -> None:
    rows(("a", "train"), ("b", "train"), ("a", "test"), ("", "test"), ("c", "")).require_trainable()
