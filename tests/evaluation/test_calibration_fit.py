from collections.abc import Sequence

import numpy as np
import pytest

from brainlens.errors import DataError
from brainlens.evaluation.calibration_error import probability_figures
from brainlens.evaluation.calibration_fit import fit_calibration
from brainlens.evaluation.prediction_sets import fit_sets
from brainlens.evaluation.target_error import error_bound
from brainlens.evaluation.temperature import tempered
from brainlens.inference.calibration import softmax
from brainlens.inference.prior import under_prior
from brainlens.outcomes import Outcome

CLASSES = ("a", "b", "c")


def _outcomes(
    n_patients: int = 60, slices: int = 4, planted: float = 2.0, seed: int = 0
) -> list[Outcome]:
    """Return outcomes whose probabilities are at temperature 1, truths at another."""
    rng = np.random.default_rng(seed)
    found: list[Outcome] = []
    for patient in range(n_patients):
        # One class a patient: its slices are drawn until they are of it.
        label = None
        while label is None or len(found) % slices:
            logits = rng.normal(0, 3, 3)
            drawn = CLASSES[rng.choice(3, p=softmax(logits, planted))]
            if label not in (None, drawn):
                continue
            label = drawn
            found.append(
                _outcome(f"{patient}/{len(found)}", label, str(patient), softmax(logits).tolist())
            )
    return found


def _outcome(
    path: str, label: str, patient: str, shares: Sequence[float], fold: int | None = None
) -> Outcome:
    confidence = max(shares)
    answered = confidence >= 0.7
    return Outcome(
        path,
        label=label,
        patient=patient,
        fold=fold,
        status="answered" if answered else "abstained",
        reasons=() if answered else ("low_confidence",),
        predicted_class=CLASSES[int(np.argmax(shares))],
        confidence=confidence,
        probabilities=dict(zip(CLASSES, map(float, shares), strict=True)),
    )


def test_the_planted_temperature_is_found_and_mends_the_probabilities() -> None:
    fit = fit_calibration(_outcomes(150), CLASSES, threshold=0.7)
    assert fit.temperature == pytest.approx(2.0, rel=0.2)
    assert fit.after.ece < 0.5 * fit.before.ece
    assert fit.after.loss < fit.before.loss
    assert fit.after.brier < fit.before.brier
    assert (fit.n_slices, fit.n_patients) == (600, 150)
    assert sum(fit.class_mix.values()) == pytest.approx(1)


def test_figures_after_are_of_patients_not_used() -> None:
    outcomes = _outcomes(20, planted=3.0, seed=1)
    fit = fit_calibration(outcomes, CLASSES, threshold=0.7)
    assert fit.temperature is not None
    before = fit.before_scores
    flattering = probability_figures(tempered(before.probabilities, fit.temperature), before.truth)
    assert fit.after.loss > flattering.loss
    # Five folds, hence five temperatures.
    ratios = np.log(before.probabilities[:, 0] / before.probabilities[:, 1]) / np.log(
        fit.after_scores.probabilities[:, 0] / fit.after_scores.probabilities[:, 1]
    )
    assert len(np.unique(ratios.round(6))) == 5


def test_folds_of_the_networks_are_kept_where_they_are_the_networks() -> None:
    outcomes = [
        _outcome(o.path, o.label, o.patient, list(o.probabilities.values()), int(o.patient) % 2)
        for o in _outcomes(20)
    ]
    fit = fit_calibration(outcomes, CLASSES, threshold=0.7, own_folds=True)
    ratios = np.log(
        fit.before_scores.probabilities[:, 0] / fit.before_scores.probabilities[:, 1]
    ) / np.log(fit.after_scores.probabilities[:, 0] / fit.after_scores.probabilities[:, 1])
    folds = np.array([o.fold for o in outcomes])
    assert len(np.unique(ratios.round(6))) == 2
    assert len(np.unique(ratios[folds == 0].round(6))) == 1


def test_the_sets_are_those_of_the_calibrated_probabilities() -> None:
    fit = fit_calibration(_outcomes(), CLASSES, threshold=0.7)
    assert fit.temperature is not None
    scores = fit.before_scores
    least = fit_sets(tempered(scores.probabilities, fit.temperature), scores.truth, scores.unit)
    assert list(fit.sets.least.values()) == pytest.approx(least)
    assert fit.sets.level == 0.9
    for coverage in fit.set_figures.coverage.values():
        assert coverage is not None
        assert coverage > 0.75


def test_the_error_is_bounded_at_the_own_threshold() -> None:
    fit = fit_calibration(_outcomes(), CLASSES, threshold=0.7, level=0.9)
    assert fit.error_bound == error_bound(fit.confidences, 0.7, 0.9)
    assert fit.target_error is None


@pytest.mark.parametrize(("error", "found"), [(0.02, False), (0.45, True)])
def test_a_target_error_is_reached_or_said_not_to_be(error: float, found: bool) -> None:
    outcomes = _outcomes(100, slices=1, planted=0.7)
    fit = fit_calibration(outcomes, CLASSES, threshold=0.7, target_error=error)
    assert fit.target_error is not None
    assert fit.target_error.error == error
    assert (fit.target_error.threshold is not None) is found


def test_a_prior_turns_probabilities_and_sets() -> None:
    wanted = {"c": 0.8, "a": 0.1, "b": 0.1}
    plain = fit_calibration(_outcomes(), CLASSES, threshold=0.7)
    fit = fit_calibration(_outcomes(), CLASSES, threshold=0.7, prior=wanted)
    assert fit.prior is not None
    assert fit.prior.shares == wanted
    assert fit.prior.calibrated == pytest.approx(plain.class_mix)
    assert fit.temperature == plain.temperature
    assert fit.after == plain.after
    assert fit.error_bound is None
    turned = under_prior(
        plain.after_scores.probabilities,
        np.array([0.1, 0.1, 0.8]),
        np.array(list(plain.class_mix.values())),
    )
    np.testing.assert_allclose(fit.confidences.confidence, turned.max(axis=1))
    # The frequent class needs more probability to stay in, the rarer ones less.
    assert fit.sets.least["c"] > plain.sets.least["c"]
    assert fit.sets.least["a"] < plain.sets.least["a"]
    # Coverage is class by class, so another mix does not spoil it.
    for coverage in fit.set_figures.coverage.values():
        assert coverage is not None
        assert coverage > 0.75


def test_without_a_mistake_answers_become_surer_within_reason() -> None:
    shares = [[0.9, 0.05, 0.05], [0.05, 0.9, 0.05], [0.05, 0.05, 0.9]]
    outcomes = [_outcome(str(i), CLASSES[i % 3], str(i), shares[i % 3]) for i in range(30)]
    fit = fit_calibration(outcomes, CLASSES, threshold=0.7)
    assert 0.4 < fit.temperature < 1
    assert fit.after.ece < fit.before.ece


def test_unknown_patients_are_said_and_slices_stand_for_them() -> None:
    outcomes = [
        _outcome(o.path, o.label, "", list(o.probabilities.values())) for o in _outcomes(10)
    ]
    fit = fit_calibration(outcomes, CLASSES, threshold=0.7)
    assert fit.n_patients is None
    assert len(np.unique(fit.confidences.unit)) == 40


def test_what_gates_hold_back_is_no_answer_at_any_threshold() -> None:
    outcomes = _outcomes(20)
    gated = Outcome(
        "gated",
        label="a",
        patient="0",
        status="abstained",
        reasons=("out_of_distribution",),
        predicted_class="b",
        confidence=0.99,
        probabilities={"a": 0.005, "b": 0.99, "c": 0.005},
    )
    rejected = Outcome("rejected", label="a", patient="1", status="rejected", reasons=("x",))
    fit = fit_calibration([*outcomes, gated, rejected], CLASSES, threshold=0.7)
    assert fit.confidences.answered(0.0).tolist() == [True] * len(outcomes) + [False] * 2
    assert fit.n_slices == len(outcomes) + 2


def test_one_patient_cannot_be_calibrated_on() -> None:
    outcomes = [_outcome(str(i), "a", "same", [0.8, 0.1, 0.1]) for i in range(5)]
    with pytest.raises(DataError, match="two patients"):
        fit_calibration(outcomes, CLASSES, threshold=0.7)


def test_nothing_but_rejections_cannot_be_calibrated_on() -> None:
    outcomes = [
        Outcome(str(i), label="a", status="rejected", reasons=("not_brain_mr",)) for i in range(5)
    ]
    with pytest.raises(DataError, match="rejected every slice"):
        fit_calibration(outcomes, CLASSES, threshold=0.7)


def test_another_mix_needs_every_class() -> None:
    outcomes = [o for o in _outcomes() if o.label != "b"]
    with pytest.raises(DataError, match="no slice of b"):
        fit_calibration(outcomes, CLASSES, threshold=0.7, prior={"a": 0.3, "b": 0.3, "c": 0.4})
