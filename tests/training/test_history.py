import json
from pathlib import Path

import pytest

from brainlens.errors import RunError
from brainlens.training.history import EpochRecord, best_record, read_history, write_history


def _record(epoch: int, accuracy: float, loss: float) -> EpochRecord:
    return EpochRecord(
        epoch=epoch,
        train_loss=1.0,
        train_accuracy=0.5,
        val_loss=loss,
        val_accuracy=accuracy,
        val_confident_correct=0.25,
        learning_rate=1e-3,
        seconds=1.0,
    )


HISTORY = [_record(1, 0.5, 0.9), _record(2, 0.8, 0.7), _record(3, 0.8, 0.6), _record(4, 0.7, 0.5)]


def test_of_equal_accuracies_the_lower_loss_is_best() -> None:
    best = best_record(HISTORY, "val_accuracy")
    assert best is not None
    assert best.epoch == 3


def test_of_equals_the_earlier_stays() -> None:
    best = best_record([_record(1, 0.5, 0.5), _record(2, 0.5, 0.5)], "val_accuracy")
    assert best is not None
    assert best.epoch == 1


def test_lowest_loss_where_that_is_wanted() -> None:
    best = best_record(HISTORY, "val_loss")
    assert best is not None
    assert best.epoch == 4
    assert best_record([], "val_loss") is None


def test_history_round_trip(tmp_path: Path) -> None:
    write_history(tmp_path / "history.json", HISTORY, "leaky")
    assert read_history(tmp_path / "history.json") == HISTORY


def test_every_row_says_what_the_split_is_worth(tmp_path: Path) -> None:
    write_history(tmp_path / "history.json", HISTORY, "group-ambiguous")
    rows = json.loads((tmp_path / "history.json").read_text())
    assert [row["split_check"] for row in rows] == ["group-ambiguous"] * len(HISTORY)


@pytest.mark.parametrize("text", ["{", "[1]", '[{"epoch": 1}]', "3"])
def test_what_is_no_history_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "history.json").write_text(text)
    with pytest.raises(RunError, match=r"history\.json"):
        read_history(tmp_path / "history.json")


def test_a_missing_history_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError):
        read_history(tmp_path / "history.json")
