import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, bootstrap
from sklearn.metrics import cohen_kappa_score, f1_score, recall_score

from brainlens.errors import DataError
from brainlens.evaluation.compare import Comparison, cohen_kappa, compare
from brainlens.evaluation.comparison_text import (
    basis,
    evidence,
    figure_rows,
    p_value,
    side_line,
    verdict_sentence,
    warnings,
)
from brainlens.evaluation.saved_report import SavedReport
from brainlens.outcomes import Outcome

CLASSES = ("alpha", "beta", "gamma")


def _outcome(number: int, truth: int, said: int, patient: str = "", **more: object) -> Outcome:
    shares = dict.fromkeys(CLASSES, 0.1)
    shares[CLASSES[said]] = 0.8
    values = {
        "path": f"{number}.png",
        "label": CLASSES[truth],
        "patient": patient,
        "status": "answered",
        "predicted_class": CLASSES[said],
        "confidence": 0.8,
        "seen_in_training": False,
        "probabilities": shares,
    }
    return Outcome(**{**values, **more})  # type: ignore[arg-type]  # tests put in what they like


def _report(outcomes: list[Outcome], model: str = "one", protocol: str = "grouped") -> SavedReport:
    return SavedReport(model, model[:1] * 64, "test", protocol, CLASSES, tuple(outcomes))


def _of(truth: list[int], said: list[int], patients: list[str] | None = None) -> list[Outcome]:
    names = patients or [f"p{i}" for i in range(len(truth))]
    return [
        _outcome(i, t, s, name)
        for i, (t, s, name) in enumerate(zip(truth, said, names, strict=True))
    ]


def _compared(
    truth: list[int], first: list[int], second: list[int], patients: list[str] | None = None
) -> Comparison:
    return compare(
        _report(_of(truth, first, patients)), _report(_of(truth, second, patients), "two")
    )


def _random(seed: int, n: int = 120) -> tuple[list[int], list[int], list[int], list[str]]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(3, size=n)
    first = np.where(rng.random(n) < 0.7, truth, rng.integers(3, size=n))
    second = np.where(rng.random(n) < 0.8, truth, rng.integers(3, size=n))
    patients = [f"p{i}" for i in rng.integers(40, size=n)]
    return truth.tolist(), first.tolist(), second.tolist(), patients


def test_the_figures_are_those_of_scikit_learn() -> None:
    truth, first, second, patients = _random(1)
    found = _compared(truth, first, second, patients)
    by_name = {(figure.name, figure.class_id): figure for figure in found.figures}
    for side, said in (("first", first), ("second", second)):
        got = {key: getattr(figure, side) for key, figure in by_name.items()}
        assert got["accuracy", None] == pytest.approx(np.mean(np.equal(truth, said)))
        assert got["macro_f1", None] == pytest.approx(f1_score(truth, said, average="macro"))
        recall = recall_score(truth, said, average=None)
        assert [got["sensitivity", c] for c in CLASSES] == pytest.approx(recall.tolist())
    accuracy = found.accuracy
    assert accuracy.difference == pytest.approx((accuracy.second or 0) - (accuracy.first or 0))
    assert found.agreement == pytest.approx(np.mean(np.equal(first, second)))
    assert found.kappa == pytest.approx(cohen_kappa_score(first, second))
    assert (found.n_slices, found.n_patients) == (120, len(set(patients)))


def test_the_two_by_two_table_and_mcnemar() -> None:
    truth = [0] * 10
    found = _compared(truth, [0] * 6 + [1] * 4, [0] * 4 + [1, 0] + [0] * 3 + [1])
    counts = (
        found.both_right,
        found.only_first_right,
        found.only_second_right,
        found.both_wrong,
    )
    assert counts == (5, 1, 3, 1)
    assert found.p_slices == pytest.approx(binomtest(1, 4).pvalue)
    # One slice a patient: the two tests are one.
    assert found.p_patients == found.p_slices


def test_the_interval_is_that_of_a_paired_bootstrap() -> None:
    truth, first, second, _ = _random(2, n=300)
    found = _compared(truth, first, second)
    gains = np.equal(truth, second).astype(float) - np.equal(truth, first)
    theirs = bootstrap(
        (gains,), np.mean, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    assert found.accuracy.interval == pytest.approx((theirs.low, theirs.high), abs=0.006)
    # Far narrower than that of two samples that have nothing to do with each other.
    low, high = found.accuracy.interval or (0, 0)
    share = np.mean(np.equal(truth, first))
    apart = 2 * 1.96 * np.sqrt(2 * share * (1 - share) / 300)
    assert high - low < apart


def test_slices_of_a_patient_stay_together() -> None:
    # Ten patients of 20 slices; B is right about all of seven, A about all of three.
    patients = [f"p{i // 20}" for i in range(200)]
    first = [1] * 140 + [0] * 60
    second = [0] * 140 + [1] * 60
    found = _compared([0] * 200, first, second, patients)
    assert found.p_slices < 1e-7
    assert found.p_patients == pytest.approx(binomtest(3, 10).pvalue)
    assert found.verdict == "not_shown"
    assert "No difference is shown" in verdict_sentence(found)


def test_a_difference_is_called_one() -> None:
    found = _compared([0] * 60, [0] * 30 + [1] * 30, [0] * 58 + [1] * 2)
    assert found.verdict == "difference"
    sentence = verdict_sentence(found)
    assert "This is a difference: B is right more often." in sentence
    assert "B − A = +46.7 percentage points" in sentence
    turned = compare(found.second, found.first)
    assert "A is right more often" in verdict_sentence(turned)
    assert turned.p_patients == found.p_patients
    assert turned.accuracy.difference == pytest.approx(-(found.accuracy.difference or 0))


def test_five_patients_are_too_few_for_a_difference() -> None:
    # Every draw of patients agrees, yet chance alone gives this in 2 of 32 cases.
    found = _compared([0] * 6, [1] * 5 + [0], [0] * 6)
    assert found.p_patients == pytest.approx(2 / 32)
    assert found.verdict == "unclear"
    assert "at the border" in verdict_sentence(found)
    always = _compared([0] * 5, [1] * 5, [0] * 5)
    assert always.accuracy.interval is None
    assert "no interval: all draws" in verdict_sentence(always)
    assert always.verdict == "not_shown"


def test_one_patient_tells_nothing() -> None:
    found = _compared([0, 0, 1], [0, 1, 1], [0, 0, 1], ["p"] * 3)
    assert found.verdict == "untestable"
    assert "one patient" in verdict_sentence(found)


@given(st.data())
def test_a_model_equals_itself(data: st.DataObject) -> None:
    truth = data.draw(st.lists(st.integers(0, 2), min_size=2, max_size=12))
    said = data.draw(st.lists(st.integers(0, 2), min_size=len(truth), max_size=len(truth)))
    found = _compared(truth, said, said)
    assert found.accuracy.difference == 0
    assert (found.p_patients, found.agreement) == (1, 1)
    assert found.kappa in (None, pytest.approx(1))
    assert found.verdict == "not_shown"


def test_kappa_of_models_that_always_say_the_same_class_is_undefined() -> None:
    same = np.zeros(4, dtype=np.int64)
    assert cohen_kappa(same, same, 3) is None
    rejected = np.array([0, -1, -1, 1])
    assert cohen_kappa(rejected, rejected, 3) == pytest.approx(1)


def test_provenance_from_one_side_is_enough() -> None:
    outcomes = _of([0, 0, 1], [0, 1, 1], ["p", "p", "q"])
    bare = [replace(outcome, patient="") for outcome in outcomes]
    assert compare(_report(outcomes), _report(bare, "two")).n_units == 2
    found = compare(_report(bare), _report(outcomes, "two"))
    assert (found.n_patients, found.n_units) == (2, 2)
    nothing = compare(_report(bare), _report(bare, "two"))
    assert (nothing.n_patients, nothing.n_units) == (None, 3)
    assert "patients not named" in basis(nothing)


def test_only_slices_with_two_answers_count() -> None:
    outcomes = _of([0, 1, 2, 0], [0, 1, 2, 1])
    failed = Outcome.failed("1.png", "unreadable_image: damaged", label="beta", patient="p1")
    unlabelled = Outcome("x.png", status="answered", predicted_class="alpha", confidence=0.9)
    found = compare(
        _report([*outcomes[:3], unlabelled]), _report([failed, *outcomes[2:], outcomes[0]], "two")
    )
    assert (found.n_slices, found.n_failed) == (2, 1)
    assert (found.only_first, found.only_second) == (0, 1)
    assert basis(found) == (
        "Compared on 2 slices, 2 patients. Left out: 1 only in B, 1 without two answers."
    )


def test_what_cannot_be_compared_is_said() -> None:
    one = _report(_of([0, 1], [0, 1]))

    def refused(other: SavedReport, words: str, first: SavedReport = one) -> None:
        with pytest.raises(DataError, match=words):
            compare(first, other)

    refused(replace(one, class_ids=("alpha", "beta")), "different classes")
    elsewhere = [replace(outcome, path=f"other/{outcome.path}") for outcome in one.outcomes]
    refused(_report(elsewhere), "share no labelled slice")
    refused(_report(_of([1, 1], [0, 1])), r"label of 0\.png: alpha and beta")
    refused(_report(_of([0, 1], [0, 1], ["x", "y"])), r"patient of 0\.png: p0 and x")
    refused(_report([*one.outcomes, one.outcomes[0]]), "twice")
    refused(_report([replace(one.outcomes[0], label="delta")]), "no class of the model")
    failed = [Outcome.failed(o.path, "bad: no", label=o.label) for o in one.outcomes]
    refused(_report(failed), "none has two answers")


def test_what_makes_a_comparison_doubtful_is_said() -> None:
    outcomes = _of([0, 1], [0, 1])
    one = _report(outcomes)
    assert warnings(compare(one, one)) == ("Both reports are of one and the same model.",)
    seen = [replace(outcome, seen_in_training=True) for outcome in outcomes]
    leaky = compare(one, _report(seen, "two", "random"))
    split, trained = warnings(leaky)
    assert "A was split grouped, B random" in split
    assert trained.startswith("B was trained on 2 of these slices")
    assert side_line("B", leaky.second) == f"B: two, decision hash {'t' * 12}, test, random"
    assert side_line("A", SavedReport("x.csv", "", "", "", CLASSES, ())) == "A: x.csv"


def test_a_comparison_is_json_and_rows() -> None:
    truth, first, second, patients = _random(4)
    found = _compared(truth, first, second, patients)
    content = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert content["a"]["model"] == "one"
    assert content["figures"][0]["difference"] == found.accuracy.difference
    assert content["verdict"] == found.verdict
    rows = figure_rows(found)
    assert rows[0][0] == "accuracy"
    assert rows[-1][0] == "F1, gamma"
    assert rows[0][3].startswith("+")
    assert f"p = {p_value(found.p_patients)}" in " ".join(evidence(found))
    assert [p_value(p) for p in (0.00001, 0.00123, 0.051)] == ["below 0.0001", "0.0012", "0.05"]


def test_a_class_that_is_missing_has_no_figures() -> None:
    found = _compared([0, 0, 1], [0, 1, 1], [0, 0, 1])
    missing = {f.name: f for f in found.figures if f.class_id == "gamma"}
    assert missing["sensitivity"].first is None
    assert missing["sensitivity"].difference is None
    assert ("sensitivity, gamma", "–", "–", "–", "") in figure_rows(found)
