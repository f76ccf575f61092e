import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from brainlens.datasets import open_dataset
from brainlens.datasets.cheng import CHENG_FACTS, CHENG_INFO, ChengFacts, import_cheng
from brainlens.datasets.split_check import check_split
from brainlens.datasets.splits import official
from brainlens.errors import DataError
from brainlens.files import sha256_file

MakeImage = Callable[..., Path]
REAL = Path(__file__).parents[3] / "shared" / "data" / "cheng"
FACTS = ChengFacts(
    slices_by_class={"glioma": 2, "meningioma": 1, "pituitary": 1},
    slices_by_fold={1: 2, 2: 2},
    patients=4,
    groups=3,
)
TABLE = [
    ("slice", "label", "pid", "base_pid", "fold"),
    ("1", "1", "100", "100", "1"),
    ("2", "2", "MR1A", "MR1", "1"),
    ("3", "2", "MR1B", "MR1", "2"),
    ("4", "3", "101", "101", "2"),
]


@pytest.fixture
def imitation(tmp_path: Path, make_image: MakeImage) -> Path:
    """Return a folder laid out as the real set is, with four slices."""
    folder = tmp_path / "cheng"
    for number, label, *_ in TABLE[1:]:
        name = {"1": "meningioma", "2": "glioma", "3": "pituitary"}[label]
        make_image(f"cheng/images/{name}/{number}.jpg", int(number))
        make_image(f"cheng/masks/{number}.png", 100 + int(number))
    write_table(folder, TABLE)
    return folder


def write_table(folder: Path, table: Sequence[tuple[str, ...]]) -> None:
    with (folder / "slices.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(table)


def test_the_table_becomes_a_manifest_outside_the_folder(imitation: Path, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    out = tmp_path / "out" / "cheng.csv"
    returned = import_cheng(imitation, out, expect=FACTS, progress=lambda *call: calls.append(call))
    manifest = open_dataset(out)
    assert returned == manifest
    assert manifest.info == CHENG_INFO
    assert manifest.labels == ("glioma", "meningioma", "pituitary")
    third = manifest.rows[2]
    root = imitation.resolve()
    assert third.path == root / "images" / "glioma" / "3.jpg"
    assert third.mask == root / "masks" / "3.png"
    assert (third.label, third.patient, third.group, third.fold, third.split, third.synthetic) == (
        "glioma",
        "MR1B",
        "MR1",
        2,
        "",
        False,
    )
    assert third.sha256 == sha256_file(third.path)
    assert third.pixel_sha256
    assert calls[-1] == (4, 4)


def test_classes_have_names_in_both_languages_and_the_known_aliases() -> None:
    assert {c.id: (c.aliases, c.display_name["fr"]) for c in CHENG_INFO.classes} == {
        "glioma": (("brain_glioma",), "Gliome"),
        "meningioma": (("brain_menin",), "Méningiome"),
        "pituitary": (("brain_tumor",), "Tumeur hypophysaire"),
    }


def test_a_folder_that_is_not_the_whole_set_is_refused_saying_what_differs(
    imitation: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    with pytest.raises(DataError, match=r"slices by class .*expected .*1426.*patients 4, exp"):
        import_cheng(imitation, out)
    write_table(imitation, [*TABLE, TABLE[-1]])
    facts = ChengFacts({"glioma": 2, "meningioma": 1, "pituitary": 2}, {1: 2, 2: 3}, 4, 3)
    with pytest.raises(DataError, match="a slice is listed twice"):
        import_cheng(imitation, out, expect=facts)
    (imitation / "masks" / "4.png").unlink()
    with pytest.raises(DataError, match=r"there is no .*4\.png"):
        import_cheng(imitation, out, expect=FACTS)
    write_table(imitation, [row[:4] for row in TABLE])
    with pytest.raises(DataError, match="no column fold"):
        import_cheng(imitation, out, expect=FACTS)
    with pytest.raises(DataError, match=r"no slices\.csv"):
        import_cheng(tmp_path, out, expect=FACTS)
    assert not out.exists()


@pytest.mark.parametrize(
    "row", [("1", "4", "p", "p", "1"), ("x", "1", "p", "p", "1"), ("1", "1", "p", "p")]
)
def test_a_broken_row_is_named(imitation: Path, tmp_path: Path, row: tuple[str, ...]) -> None:
    write_table(imitation, [*TABLE[:2], row])
    with pytest.raises(DataError, match="row 3"):
        import_cheng(imitation, tmp_path / "out.csv", expect=FACTS)


@pytest.mark.real_data
@pytest.mark.skipif(not REAL.is_dir(), reason="the real slices are not beside the project")
def test_the_real_set(tmp_path: Path) -> None:
    manifest = import_cheng(REAL, tmp_path / "cheng.csv")
    assert len(manifest) == sum(CHENG_FACTS.slices_by_class.values()) == 3064
    assert manifest.n_patients == 233
    check = check_split(official(manifest, test_fold=1))
    assert check.status == "group-ambiguous"
    ambiguous = set(check.shared_groups)
    fold = manifest.select(fold=1)
    assert len(fold) == 570
    assert sum(row.group in ambiguous for row in fold.rows) == 87
    clean = official(manifest, test_fold=1, val_groups=35, drop_shared_groups=True)
    assert check_split(clean).status == "clean"
    assert len({row.group for row in clean.select(split="val").rows}) == 35
    assert set(clean.select(split="val").labels) == {"glioma", "meningioma", "pituitary"}
