import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainlens.evaluation.confidences import NEVER, Confidences
from brainlens.evaluation.risk import THRESHOLDS, RiskPoint, figures_at, risk_curve

SLICES = st.lists(
    st.tuples(st.sampled_from([NEVER, 0.4, 0.55, 0.7, 0.9, 1.0]), st.booleans()),
    min_size=1,
    max_size=20,
)


def _confidences(slices: list[tuple[float, bool]], units: list[int] | None = None) -> Confidences:
    confidence, correct = zip(*slices, strict=True)
    unit = np.arange(len(slices)) if units is None else np.array(units)
    return Confidences(np.array(confidence), np.array(correct), unit)


@given(SLICES)
def test_the_curve_is_what_each_threshold_does(slices: list[tuple[float, bool]]) -> None:
    for point in risk_curve(_confidences(slices), THRESHOLDS):
        answered = [right for confidence, right in slices if confidence >= point.threshold]
        assert point.answer_rate == pytest.approx(len(answered) / len(slices))
        if answered:
            assert point.error == pytest.approx(answered.count(False) / len(answered))
        else:
            assert point.error is None


@given(SLICES)
def test_the_whole_curve_has_every_threshold_that_changes_something(
    slices: list[tuple[float, bool]],
) -> None:
    points = risk_curve(_confidences(slices))
    assert [p.threshold for p in points] == sorted({c for c, _ in slices if c != NEVER})
    rates = [p.answer_rate for p in points]
    assert rates == sorted(set(rates), reverse=True)


def test_a_row_of_nothing_answered_names_no_error() -> None:
    assert RiskPoint(0.99, 0.0, None).to_row() == {"threshold": 0.99, "answer_rate": 0.0}
    row = {"threshold": 0.5, "answer_rate": 1.0, "error_among_answered": 0.25}
    assert RiskPoint(0.5, 1.0, 0.25).to_row() == row


def test_figures_at_a_threshold_draw_patients() -> None:
    # 30 patients of four slices: in 6 of them all are wrong, 10 are answered in half only.
    slices = [
        (0.9 if patient >= 10 or k < 2 else 0.6, patient % 5 > 0)
        for patient in range(30)
        for k in range(4)
    ]
    units = [patient for patient in range(30) for _ in range(4)]
    found = figures_at(_confidences(slices, units), 0.7)
    assert found["answer_rate"].value == pytest.approx(100 / 120)
    assert found["error_among_answered"].value == pytest.approx(0.2)
    assert found["confident_correct"].value == pytest.approx(80 / 120)
    assert found["error_among_answered"].n_units == 30
    by_slice = figures_at(_confidences(slices), 0.7)
    low, high = found["error_among_answered"].interval or (0, 0)
    low_slice, high_slice = by_slice["error_among_answered"].interval or (0, 0)
    assert high - low == pytest.approx(2 * (high_slice - low_slice), rel=0.2)


def test_nothing_answered_has_no_error() -> None:
    found = figures_at(_confidences([(0.5, True), (0.6, False)]), 0.7)
    assert found["error_among_answered"].value is None
    assert found["answer_rate"].value == 0.0
