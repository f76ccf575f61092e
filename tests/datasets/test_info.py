from pathlib import Path

import pytest

from brainlens.classes import ClassInfo
from brainlens.datasets.info import DATASET_FILE, DatasetInfo
from brainlens.errors import DataError

INFO = DatasetInfo(
    title="Gliomes d’été",
    authors=("A. Nom", "B"),
    licence="CC BY 4.0",
    synthetic=True,
    classes=(ClassInfo(id="a", display_name={"en": "A", "fr": "Â"}, aliases=("x",)),),
)


def test_a_description_survives_the_round_trip(tmp_path: Path) -> None:
    INFO.save(tmp_path)
    assert DatasetInfo.load(tmp_path) == INFO


def test_no_file_is_an_empty_description_and_that_writes_none(tmp_path: Path) -> None:
    assert DatasetInfo.load(tmp_path) == DatasetInfo()
    DatasetInfo().save(tmp_path)
    assert not (tmp_path / DATASET_FILE).exists()


def test_the_description_of_another_set_is_not_overwritten(tmp_path: Path) -> None:
    INFO.save(tmp_path)
    INFO.save(tmp_path)
    with pytest.raises(DataError, match="another data set"):
        DatasetInfo(title="Other").save(tmp_path)
    assert DatasetInfo.load(tmp_path) == INFO


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1 column 1"),
        ("[1]", "dictionary"),
        ('{"title": 3}', "title: .*string"),
        ('{"classes": [{"id": "a", "role": "x"}]}', r"classes\.0\."),
        ('{"labels": {"0": "background"}}', "labels: "),
    ],
)
def test_what_is_no_description_is_refused_saying_where(
    tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / DATASET_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=rf"dataset\.json is not a description .*{says}"):
        DatasetInfo.load(tmp_path)
