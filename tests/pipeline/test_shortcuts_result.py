import json
from typing import Any

import pytest

from brainlens.pipeline.shortcuts_result import TITLES, Shortcut, ShortcutsResult, Test
from brainlens.pipeline.small_run import SmallRun


def _shortcut(name: Test = "head_outline", **changes: Any) -> Shortcut:
    values: dict[str, Any] = {
        "n_slices": 40,
        "n_patients": 20,
        "chance": 0.5,
        "balanced_accuracy": 0.6,
        "interval": (0.4, 0.8),
    }
    return Shortcut(name, **(values | changes))


@pytest.mark.parametrize(
    ("interval", "above"),
    [((0.4, 0.8), False), ((0.5, 0.8), False), ((0.51, 0.8), True), (None, None)],
)
def test_only_a_whole_interval_above_guessing_is_above_it(
    interval: tuple[float, float] | None, above: bool | None
) -> None:
    assert _shortcut(interval=interval).above_chance is above


@pytest.mark.parametrize("name", list(TITLES))
def test_every_result_has_a_meaning_of_its_own(name: Test) -> None:
    meanings = {
        _shortcut(name, trained=1.0, **changes).meaning
        for changes in (
            {"interval": (0.4, 0.8)},
            {"interval": (0.6, 0.8)},
            {"interval": None},
            {"reason": "There was nothing."},
        )
    }
    assert len(meanings) == 4


def test_labels_that_were_not_learnt_show_no_leak_and_no_absence_of_one() -> None:
    low, high = (_shortcut("shuffled_labels", trained=t).meaning for t in (0.74, 0.75))
    assert "could not have shown a leak" in low
    assert "no better than guessing" in high
    assert "knows them" in _shortcut("shuffled_labels", trained=0.6, interval=(0.6, 0.7)).meaning


def test_json_holds_figures_and_meanings() -> None:
    result = ShortcutsResult(
        (_shortcut(), _shortcut("file_facts")), "grouped", "0" * 64, SmallRun()
    )
    saved = json.loads(json.dumps(result.to_dict()))
    assert [one["test"] for one in saved["shortcuts"]] == ["head_outline", "file_facts"]
    assert saved["shortcuts"][0]["interval"] == [0.4, 0.8]
    assert saved["shortcuts"][0]["accuracy_interval"] is None
    assert "Not a medical device" in saved["disclaimer"]
