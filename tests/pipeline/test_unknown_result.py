from dataclasses import replace

import pytest

from brainlens.evaluation.ratio import Ratio
from brainlens.evaluation.separation import Separation
from brainlens.pipeline.small_run import SmallRun
from brainlens.pipeline.unknown_result import LeftOut, UnknownResult, percent

ONE = LeftOut(
    class_id="ring",
    display_name="Ring",
    decision_sha256="0" * 64,
    temperature=1.5,
    threshold=0.7,
    accuracy=Ratio(0.9, (0.8, 1.0), 30, 10),
    known_answered=Ratio(0.8, (0.7, 0.9), 30, 10),
    answered=Ratio(0.6, (0.5, 0.7), 40, 12),
    taken_for={"b": 30, "a": 10},
    by_confidence=Separation(0.65, (0.6, 0.7)),
    by_distance=Separation(1.0, None),
    n_hidden=0,
)


def test_the_sentence_says_every_figure_with_its_interval() -> None:
    for part in (
        "Trained without Ring and shown 40 slices",
        "answered 60 % (50 to 70 %) of them at its threshold of 0.7",
        "those it does know it answered 80 % (70 to 90 %)",
        "AUROC of 0.65 (0.60 to 0.70)",
        "features with 1.00; 0.5 is guessing",
    ):
        assert part in ONE.sentence


def test_the_summary_spans_the_classes() -> None:
    other = replace(
        ONE, answered=Ratio(0.25, None, 8, 2), by_confidence=Separation(0.9, None), class_id="b"
    )
    result = UnknownResult((ONE, other), "grouped", "0" * 64, SmallRun(size=64, epochs=15))
    assert "25 to 60 % of its slices" in result.summary
    assert "AUROC of 0.65 to 0.90" in result.summary
    assert "(64 px, 15 epochs, seed 0)" in result.summary
    alone = UnknownResult((ONE,), "grouped", "0" * 64, SmallRun())
    assert "shown, 60 % of its slices" in alone.summary
    saved = alone.to_dict()
    assert saved["classes"][0]["unknown_answered"]["interval"] == [0.5, 0.7]
    assert list(saved["classes"][0]["taken_for"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (Ratio(None, None, 0, 0), "–"),
        (Ratio(0.5, None, 2, 1), "50 %"),
        (Ratio(0.5, (0.255, 1.0), 2, 2), "50 % (26 to 100 %)"),
    ],
)
def test_a_share_in_per_cent(ratio: Ratio, text: str) -> None:
    assert percent(ratio) == text
