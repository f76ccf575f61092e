import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brainlens.errors import MissingExtra, StorageError
from brainlens.evaluation.counts import Counts
from brainlens.evaluation.evaluation import Evaluation, Measurement
from brainlens.evaluation.metrics import metrics
from brainlens.evaluation.report import (
    class_rows,
    confusion_png,
    confusion_rows,
    overall_rows,
    write_report,
)
from brainlens.evaluation.scores import Scores
from brainlens.outcomes import Outcome, read_outcomes

CLASSES = ("alpha", "beta", "gamma")


def _measurement(rejected: bool = False) -> Measurement:
    probabilities = np.array([[0.8, 0.1, 0.1]] * 6 + [[0.1, 0.6, 0.3]] * 3 + [[0.2, 0.2, 0.6]])
    if rejected:
        probabilities[0] = np.nan
    truth = [0, 0, 0, 0, 0, 1, 1, 1, 0, 0]
    scores = Scores.from_probabilities(probabilities, truth, [True] * 6 + [False] * 4, range(10))
    found = metrics(
        scores, CLASSES, split="test", protocol="given", n_patients=10, decision_sha256="a" * 64
    )
    confusion = Counts.per_unit(scores).total().confusion.astype(np.int64)
    return Measurement(n_slices=10, n_patients=10, metrics=found, confusion=confusion)


def _evaluation(measurement: Measurement, class_ids: tuple[str, ...] = CLASSES) -> Evaluation:
    return Evaluation(
        model="tiny 0.0.1",
        decision_sha256="a" * 64,
        class_ids=class_ids,
        split="test",
        protocol="given",
        threshold=0.7,
        outcomes=(Outcome("alpha/1.png", label="alpha", status="answered"),),
        all=measurement,
        unseen=None,
        unshared=None,
        n_failed=0,
        n_seen=0,
        knows_seen=True,
        n_unlabelled=0,
        unmatched={},
        aliases={},
    )


def test_a_report_is_json_outcomes_and_a_picture(tmp_path: Path) -> None:
    evaluation = _evaluation(_measurement())
    files = write_report(evaluation, tmp_path / "out")
    assert [file.name for file in files] == ["metrics.json", "outcomes.csv", "confusion.png"]
    assert json.loads(files[0].read_text()) == json.loads(json.dumps(evaluation.to_dict()))
    assert read_outcomes(files[1]) == list(evaluation.outcomes)
    with Image.open(files[2]) as picture:
        assert picture.format == "PNG"


def test_the_same_evaluation_draws_the_same_bytes() -> None:
    evaluation = _evaluation(_measurement())
    assert confusion_png(evaluation) == confusion_png(evaluation)


def test_drawing_leaves_no_window_state() -> None:
    confusion_png(_evaluation(_measurement()))
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []


def test_the_picture_is_darkest_where_most_of_a_class_went() -> None:
    confusion = np.array([[10, 0, 0], [0, 10, 0]])
    measurement = Measurement(n_slices=20, n_patients=None, metrics=(), confusion=confusion)
    right = confusion_png(_evaluation(measurement, ("a", "b")))
    measurement = Measurement(n_slices=20, n_patients=None, metrics=(), confusion=confusion[::-1])
    wrong = confusion_png(_evaluation(measurement, ("a", "b")))

    def grey(png: bytes, x: float, y: float) -> int:
        with Image.open(io.BytesIO(png)) as picture:
            return int(
                np.asarray(picture.convert("L"))[int(y * picture.height), int(x * picture.width)]
            )

    # A point inside the cell of the first row and first column, off its number.
    assert grey(right, 0.25, 0.2) < 100 < 200 < grey(wrong, 0.25, 0.2)


@pytest.mark.parametrize("classes", [2, 30])
def test_many_classes_are_drawn(classes: int) -> None:
    confusion = np.concatenate([np.eye(classes), np.zeros((classes, 1))], axis=1).astype(np.int64)
    measurement = Measurement(classes, None, (), confusion)
    assert confusion_png(_evaluation(measurement, tuple(f"class {i}" for i in range(classes))))


def test_without_matplotlib_the_extra_is_named_and_nothing_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtra, match=r"brainlens\[eval\]"):
        write_report(_evaluation(_measurement()), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        write_report(_evaluation(_measurement()), tmp_path / "file" / "out")


def test_rows_of_figures() -> None:
    rows = overall_rows(_measurement())
    assert rows[0][:2] == ("accuracy", "0.7000")
    low, high = rows[0][2].split(" – ")
    assert float(low) < 0.7 < float(high)
    assert len(rows) == 7


def test_rows_of_classes_write_undefined_as_a_dash() -> None:
    rows = class_rows(_measurement())
    assert rows[0] == ("alpha", "0.8333", "0.7143", "0.7692", "7")
    assert rows[2] == ("gamma", "0.0000", "–", "0.0000", "0")


def test_rejected_slices_get_a_column_only_where_there_are_some() -> None:
    assert confusion_rows(CLASSES, _measurement()) == [
        ("true class", "alpha", "beta", "gamma"),
        ("alpha", "5", "1", "1"),
        ("beta", "1", "2", "0"),
        ("gamma", "0", "0", "0"),
    ]
    rows = confusion_rows(CLASSES, _measurement(rejected=True))
    assert rows[0] == ("true class", "alpha", "beta", "gamma", "rejected")
    assert rows[1] == ("alpha", "4", "1", "1", "1")
