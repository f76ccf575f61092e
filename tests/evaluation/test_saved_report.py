import json
from pathlib import Path

import pytest

from brainlens.errors import DataError, StorageError
from brainlens.evaluation.report.findings import Findings
from brainlens.evaluation.report.folder import write_report
from brainlens.evaluation.saved_report import SavedReport
from brainlens.outcomes import Outcome, write_outcomes

from .report.measured import CLASSES, evaluation_of, measurement_of_ten


def test_a_report_is_read_back(tmp_path: Path) -> None:
    evaluation = evaluation_of(measurement_of_ten())
    write_report(Findings(evaluation), tmp_path)
    report = SavedReport.load(tmp_path)
    assert report.class_ids == CLASSES
    assert report.outcomes == evaluation.outcomes
    assert (report.model, report.decision_sha256) == ("tiny 0.0.1", "a" * 64)
    assert (report.split, report.protocol) == ("test", "given")


def test_outcomes_alone_are_enough(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    outcome = Outcome("1.png", "b", status="answered", probabilities={"b": 1.0, "a": 0.0})
    write_outcomes(file, [outcome], ("b", "a"))
    report = SavedReport.load(file)
    assert report.class_ids == ("b", "a")
    assert (report.model, report.decision_sha256, report.protocol) == ("mine.csv", "", "")


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "holds no metrics.json"), ("{", "not valid JSON"), ("[]", "not a report's")],
)
def test_a_folder_that_is_no_report(tmp_path: Path, content: str | None, words: str) -> None:
    if content is not None:
        (tmp_path / "metrics.json").write_text(content)
    with pytest.raises(DataError, match=words):
        SavedReport.load(tmp_path)


def test_what_is_not_there_and_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not there"):
        SavedReport.load(tmp_path / "nothing")
    (tmp_path / "metrics.json").mkdir()
    with pytest.raises(StorageError, match="cannot be read"):
        SavedReport.load(tmp_path)
    (tmp_path / "metrics.json").rmdir()
    (tmp_path / "metrics.json").write_text(json.dumps({"classes": ["a", "b"]}))
    with pytest.raises(StorageError, match=r"outcomes\.csv cannot be read"):
        SavedReport.load(tmp_path)
