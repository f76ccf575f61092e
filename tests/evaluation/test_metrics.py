import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
    precision_recall_fscore_support,
    recall_score,
    roc_auc_score,
)

from brainlens.bundle.schema import Metric
from brainlens.evaluation.counts import Counts
from brainlens.evaluation.metrics import OVERALL, PER_CLASS, figures, metrics
from brainlens.evaluation.scores import Scores

NAN = float("nan")


def proportion(hits: int, trials: int) -> tuple[float, float]:
    """Return Clopper and Pearson's interval by scipy's own test."""
    interval = binomtest(hits, trials).proportion_ci(0.95, "exact")
    return interval.low, interval.high


def _metrics(scores: Scores, class_ids: tuple[str, ...]) -> tuple[Metric, ...]:
    return metrics(
        scores,
        class_ids,
        split="val",
        protocol="official",
        n_patients=8,
        decision_sha256="e" * 64,
    )


def _random_scores(
    seed: int, n: int = 200, n_classes: int = 3
) -> tuple[Scores, NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(n_classes), size=n)
    truth = np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=n - n_classes)])
    confident = probabilities.max(axis=1) >= 0.7
    units = rng.integers(max(2, n // 5), size=n).tolist()
    return Scores.from_probabilities(
        probabilities, truth.tolist(), confident.tolist(), units
    ), probabilities


def _value(found: tuple[Metric, ...], name: str, class_id: str | None = None) -> float | None:
    (metric,) = [m for m in found if m.name == name and m.class_id == class_id]
    return metric.value


def test_a_case_worked_by_hand() -> None:
    # Five slices of classes a, a, a, b, b: predicted a, a, b, b and one rejected.
    probabilities = np.array([[0.8, 0.2], [0.6, 0.4], [0.1, 0.9], [0.5 - 1e-9, 0.5], [NAN, NAN]])
    confident = [True, False, True, False, False]
    scores = Scores.from_probabilities(probabilities, [0, 0, 0, 1, 1], confident, "vwxyz")
    found = _metrics(scores, ("a", "b"))

    assert _value(found, "accuracy") == pytest.approx(3 / 5)
    assert _value(found, "loss") == pytest.approx(
        -(np.log(0.8) + np.log(0.6) + np.log(0.1) + np.log(0.5)) / 4
    )
    assert _value(found, "balanced_accuracy") == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert _value(found, "confident") == pytest.approx(2 / 5)
    assert _value(found, "confident_correct") == pytest.approx(1 / 5)
    assert _value(found, "confident_accuracy") == pytest.approx(1 / 2)
    assert _value(found, "precision", "a") == pytest.approx(1)
    assert _value(found, "precision", "b") == pytest.approx(1 / 2)
    assert _value(found, "sensitivity", "a") == pytest.approx(2 / 3)
    assert _value(found, "f1", "a") == pytest.approx(4 / 5)
    assert _value(found, "f1", "b") == pytest.approx(1 / 2)
    assert _value(found, "macro_f1") == pytest.approx((4 / 5 + 1 / 2) / 2)
    assert _value(found, "support", "b") == 2
    # Of the two slices of b one was called b; the rejected one was rightly not called a.
    assert _value(found, "specificity", "a") == pytest.approx(2 / 2)
    assert _value(found, "specificity", "b") == pytest.approx(2 / 3)
    # The rejected slice has no probability: three of a against one of b, whose 0.5 for b beats
    # 0.2 and 0.4 and not 0.9.
    assert _value(found, "auroc", "b") == pytest.approx(2 / 3)
    assert _value(found, "auprc", "b") == pytest.approx(1 / 2)


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_figures_are_those_of_scikit_learn(n_classes: int) -> None:
    scores, probabilities = _random_scores(n_classes, n_classes=n_classes)
    found = figures(Counts.per_unit(scores).total())
    truth, predicted = scores.truth, scores.predicted
    precision, recall, f1, support = precision_recall_fscore_support(truth, predicted)

    assert found["accuracy"] == pytest.approx(accuracy_score(truth, predicted))
    assert found["loss"] == pytest.approx(log_loss(truth, probabilities))
    assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(truth, predicted))
    assert found["macro_f1"] == pytest.approx(f1_score(truth, predicted, average="macro"))
    np.testing.assert_allclose(found["precision"], precision)
    np.testing.assert_allclose(found["sensitivity"], recall)
    np.testing.assert_allclose(found["f1"], f1)
    for index in range(n_classes):
        specificity = recall_score(truth == index, predicted == index, pos_label=False)
        assert found["specificity"][index] == pytest.approx(specificity)
    np.testing.assert_array_equal(found["support"], support)
    np.testing.assert_array_equal(
        Counts.per_unit(scores).total().confusion[:, :-1], confusion_matrix(truth, predicted)
    )


@given(st.integers(0, 10_000))
def test_sums_do_not_depend_on_how_slices_fall_into_patients(seed: int) -> None:
    scores, _ = _random_scores(seed, n=30)
    alone = Scores.from_probabilities(
        np.eye(3)[scores.predicted], scores.truth.tolist(), scores.confident.tolist(), range(30)
    )
    together = figures(Counts.per_unit(scores).total())
    apart = figures(Counts.per_unit(alone).total())
    for name in set(together) - {"loss"}:
        np.testing.assert_allclose(together[name], apart[name])


def test_what_is_undefined_is_none_and_stays_out_of_the_means() -> None:
    # Class c has no slice and is never predicted; class b is never predicted.
    probabilities = np.array([[0.9, 0.1, 0.0], [0.8, 0.2, 0.0], [0.7, 0.3, 0.0]])
    scores = Scores.from_probabilities(probabilities, [0, 0, 1], [False] * 3, "xyz")
    found = _metrics(scores, ("a", "b", "c"))
    assert _value(found, "precision", "b") is None
    assert _value(found, "sensitivity", "b") == 0
    assert _value(found, "sensitivity", "c") is None
    assert _value(found, "f1", "c") is None
    assert _value(found, "confident_accuracy") is None
    assert _value(found, "specificity", "c") == 1
    assert _value(found, "auroc", "c") is None
    assert _value(found, "macro_auroc") == pytest.approx(roc_auc_score([1, 1, 0], [0.9, 0.8, 0.7]))
    assert _value(found, "balanced_accuracy") == pytest.approx(1 / 2)
    assert _value(found, "macro_f1") == pytest.approx((4 / 5 + 0) / 2)


def test_every_metric_says_of_what_it_is() -> None:
    scores, _ = _random_scores(1, n=40)
    found = _metrics(scores, ("a", "b", "c"))
    assert [m.name for m in found] == [*OVERALL, *PER_CLASS * 3]
    assert [m.class_id for m in found[len(OVERALL) :: len(PER_CLASS)]] == ["a", "b", "c"]
    for metric in found:
        assert (metric.split, metric.protocol) == ("val", "official")
        assert (metric.n_slices, metric.n_patients) == (40, 8)
        assert metric.decision_sha256 == "e" * 64


def test_intervals_enclose_their_figure() -> None:
    scores, _ = _random_scores(2)
    for metric in _metrics(scores, ("a", "b", "c")):
        if metric.name == "support":
            assert metric.interval is None
        else:
            assert metric.interval is not None
            assert metric.value is not None
            assert metric.interval[0] < metric.value < metric.interval[1]


def test_where_all_draws_agree_the_interval_is_exact_with_patients_for_trials() -> None:
    # 60 slices of 10 patients, five of each class, all right and all sure.
    probabilities = np.array([[1.0, 0.0], [0.0, 1.0]] * 30)
    patients = [2 * (i // 12) + i % 2 for i in range(60)]
    scores = Scores.from_probabilities(probabilities, [0, 1] * 30, [True] * 60, patients)
    found = {(m.name, m.class_id): m for m in _metrics(scores, ("a", "b"))}
    for (name, class_id), metric in found.items():
        if name in ("loss", "auprc", "support"):
            assert metric.interval is None
            continue
        assert metric.value == 1
        # A mean over classes and a ranking rest on the five patients of a class; so does what is
        # said of one class. Specificity rests on the five of the other.
        n = 10 if class_id is None and not name.startswith(("macro", "balanced")) else 5
        assert metric.interval == pytest.approx(proportion(n, n), abs=1e-12), name


def test_nothing_confident_leaves_the_accuracy_above_the_threshold_undefined() -> None:
    probabilities = np.array([[0.6, 0.4], [0.4, 0.6]] * 5)
    scores = Scores.from_probabilities(probabilities, [0, 1] * 5, [False] * 10, range(10))
    found = {m.name: m for m in _metrics(scores, ("a", "b"))}
    assert (found["confident_accuracy"].value, found["confident_accuracy"].interval) == (None, None)
    assert found["confident"].interval == pytest.approx(proportion(0, 10))


def test_a_class_of_one_patient_says_next_to_nothing() -> None:
    scores, _ = _random_scores(3, n=90)
    one = Scores.from_probabilities(
        scores.probabilities,
        scores.truth.tolist(),
        [True] * 90,
        [0 if truth == 0 else i + 1 for i, truth in enumerate(scores.truth)],
    )
    found = {(m.name, m.class_id): m for m in _metrics(one, ("a", "b", "c"))}
    low, high = found[("sensitivity", "a")].interval or (1, 1)
    assert (low, high) != (1, 1)
    assert high - low > 0.9
    assert found[("auroc", "a")].value is not None
    assert found[("auroc", "a")].interval is None
    assert found[("auroc", "b")].interval is not None


def test_the_exact_interval_of_a_mean_over_classes_holds() -> None:
    # Two classes of 8 and 12 patients, each right with probability 0.85 and 0.95: where all are
    # right, the bound must lie below the true balanced accuracy, as must that of any other result.
    rng = np.random.default_rng(11)
    truth = [0] * 8 + [1] * 12
    missed = 0
    for _ in range(300):
        right = rng.random(20) < np.where(np.array(truth) == 0, 0.85, 0.95)
        if not right.all():
            continue
        probabilities = np.eye(2)[truth]
        scores = Scores.from_probabilities(probabilities, truth, [True] * 20, range(20))
        (found,) = [m for m in _metrics(scores, ("a", "b")) if m.name == "balanced_accuracy"]
        assert found.interval is not None
        missed += found.interval[0] > 0.9
    assert missed == 0


def test_figures_by_patient_and_of_subgroups_say_so() -> None:
    scores, _ = _random_scores(4, n=30)
    found = metrics(
        scores,
        ("a", "b", "c"),
        split="test",
        protocol="grouped",
        n_patients=30,
        decision_sha256=None,
        level="patient",
        subgroup="large lesions",
        n_slices=120,
        draws=20,
    )
    assert {(m.level, m.subgroup, m.n_slices) for m in found} == {("patient", "large lesions", 120)}
    assert {m.level for m in _metrics(scores, ("a", "b", "c"))} == {"slice"}


def test_draws_are_told() -> None:
    scores, _ = _random_scores(5, n=30)
    told: list[tuple[int, int]] = []
    metrics(
        scores,
        ("a", "b", "c"),
        split="test",
        protocol="given",
        n_patients=None,
        decision_sha256=None,
        draws=10,
        progress=lambda *done: told.append(done),
    )
    assert told[-1] == (10, 10)
