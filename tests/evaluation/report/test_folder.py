import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from brainlens.errors import MissingExtra, StorageError
from brainlens.evaluation.report.findings import Findings
from brainlens.evaluation.report.folder import write_report
from brainlens.evaluation.report.page import page
from brainlens.outcomes import read_outcomes

from .measured import evaluation_of, measurement_of_ten


def test_a_report_is_a_page_json_outcomes_and_a_picture(tmp_path: Path) -> None:
    evaluation = evaluation_of(measurement_of_ten())
    files = write_report(Findings(evaluation), tmp_path / "out")
    names = ["report.html", "metrics.json", "outcomes.csv", "confusion.png"]
    assert [file.name for file in files] == names
    assert files[0].read_text(encoding="utf-8") == page(Findings(evaluation))
    assert json.loads(files[1].read_text()) == json.loads(
        json.dumps(Findings(evaluation).to_dict())
    )
    assert read_outcomes(files[2]) == list(evaluation.outcomes)
    with Image.open(files[3]) as picture:
        assert picture.format == "PNG"


def test_without_matplotlib_the_extra_is_named_and_nothing_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtra, match=r"brainlens\[eval\]"):
        write_report(Findings(evaluation_of(measurement_of_ten())), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        write_report(Findings(evaluation_of(measurement_of_ten())), tmp_path / "file" / "out")
