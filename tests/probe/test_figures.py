import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from brainlens.outcomes import Outcome
from brainlens.probe.figures import figures, is_confident

IDS = ("a", "b", "c")


def outcome(truth: str, predicted: str, confidence: float = 0.9, **more: object) -> Outcome:
    return Outcome(
        path="x",
        label=truth,
        status="answered",
        predicted_class=predicted,
        confidence=confidence,
        seen_in_training=False,
        **more,  # type: ignore[arg-type]  # fields of Outcome
    )


pairs = st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)), min_size=1, max_size=30)


@given(pairs=pairs)
def test_figures_are_scikit_learns(pairs: list[tuple[str, str]]) -> None:
    truth, predicted = zip(*pairs, strict=True)

    ours = figures([outcome(t, p) for t, p in pairs], IDS, 0.7)

    assert ours.accuracy == pytest.approx(accuracy_score(truth, predicted))
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, predicted, labels=IDS, zero_division=0
    )
    for i, of_class in enumerate(ours.classes):
        assert of_class.class_id == IDS[i]
        assert (of_class.precision or 0) == pytest.approx(precision[i])
        assert (of_class.sensitivity or 0) == pytest.approx(recall[i])
        assert (of_class.f1 or 0) == pytest.approx(f1[i])
        assert of_class.support == support[i]


def test_shares_of_the_confident() -> None:
    rows = [
        outcome("a", "a", 0.9),
        outcome("a", "b", 0.8),
        outcome("b", "b", 0.6),
        outcome("b", "b", 0.7),
    ]

    found = figures(rows, IDS, 0.7)

    assert found.n == 4
    assert found.accuracy == 0.75
    assert found.confident == 0.75
    assert found.confident_correct == 0.5
    assert found.confident_accuracy == pytest.approx(2 / 3)


def test_undefined_figures_are_none() -> None:
    found = figures([outcome("a", "a", 0.5)], IDS, 0.7)

    assert found.confident_accuracy is None
    b = found.classes[1]
    assert (b.precision, b.sensitivity, b.f1, b.support) == (None, None, None, 0)
    nothing = figures([], IDS, 0.7)
    assert (nothing.n, nothing.accuracy, nothing.confident) == (0, None, None)


def test_rejected_counts_as_wrong_and_failed_not_at_all() -> None:
    rejected = Outcome("x", label="a", status="rejected", reasons=("not_brain_mr",))
    failed = Outcome.failed("x", "unreadable_image", label="a")

    found = figures([outcome("a", "a"), rejected, failed], IDS, 0.7)

    assert found.n == 2
    assert found.accuracy == 0.5
    assert found.confident == 0.5
    assert found.classes[0].support == 2


def test_without_truths_only_confidence_is_known() -> None:
    found = figures([outcome("", "a", 0.9), outcome("", "a", 0.2)], IDS, 0.7)

    assert found.n == 2
    assert found.confident == 0.5
    assert found.accuracy is found.confident_correct is found.confident_accuracy is None
    assert found.classes == ()


def test_images_without_truth_stay_out_beside_images_with_one() -> None:
    assert figures([outcome("", "a"), outcome("b", "b")], IDS, 0.7).n == 1


@pytest.mark.parametrize(
    ("reasons", "expected"), [((), True), (("low_confidence",), True), (("gate",), False)]
)
def test_only_low_confidence_is_the_probes_to_judge(
    reasons: tuple[str, ...], expected: bool
) -> None:
    assert is_confident(outcome("a", "a", 0.6, reasons=reasons), 0.6) is expected
    assert not is_confident(outcome("a", "a", 0.59, reasons=reasons), 0.6)
