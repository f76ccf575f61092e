import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from brainlens.evaluation.calibration_error import (
    classwise_brier,
    classwise_errors,
    error_floor,
    expected_calibration_error,
    probability_figures,
    reliability_bins,
)

Array = NDArray[np.float64]


def _answers(n: int, seed: int = 0) -> tuple[Array, NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet([0.6, 0.6, 0.6], n)
    return shares, rng.integers(0, 3, n)


def test_bins_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.random(1500)
    correct = rng.random(1500) < confidence**2
    bins = reliability_bins(confidence, correct)
    # Its quantiles interpolate between values, so edges are where ours are if n fits the bins.
    accuracy, mean = calibration_curve(correct, confidence, n_bins=15, strategy="quantile")
    np.testing.assert_allclose(bins.confidence, mean)
    np.testing.assert_allclose(bins.accuracy, accuracy)
    np.testing.assert_array_equal(bins.n, 100)
    assert bins.error == pytest.approx(np.abs(accuracy - mean).mean())


def test_a_hand_computed_case() -> None:
    confidence = np.array([0.5, 0.6, 0.8, 0.9])
    correct = np.array([True, False, True, True])
    # Bins {0.5, 0.6}: 0.5 right at 0.55; {0.8, 0.9}: 1.0 right at 0.85.
    assert expected_calibration_error(confidence, correct, 2) == pytest.approx(0.10)


def test_the_order_of_equal_confidences_does_not_matter() -> None:
    confidence = np.full(30, 0.7)
    correct = np.arange(30) < 21
    assert expected_calibration_error(confidence, correct) == pytest.approx(0.0)
    assert expected_calibration_error(confidence, correct[::-1]) == pytest.approx(0.0)


def test_fewer_slices_than_bins_give_a_bin_each() -> None:
    bins = reliability_bins(np.array([0.9, 0.4]), np.array([True, False]))
    np.testing.assert_allclose(bins.confidence, [0.4, 0.9])
    assert bins.error == pytest.approx(0.25)


def test_the_floor_is_the_mean_error_of_perfect_probabilities() -> None:
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.4, 1, 450)
    errors = [
        expected_calibration_error(confidence, rng.random(450) < confidence) for _ in range(400)
    ]
    assert error_floor(confidence) == pytest.approx(np.mean(errors), rel=0.05)


def test_the_floor_of_one_bin_has_a_closed_form() -> None:
    # Mean distance of a binomial share from 1/2 at n = 4: (1/2 · 2 + 1/4 · 8 + 0 · 6) / 16.
    assert error_floor(np.full(4, 0.5), bins=1, draws=20000) == pytest.approx(3 / 16, rel=0.02)


def test_slices_that_share_their_luck_raise_the_floor() -> None:
    confidence = np.full(40, 0.5)
    unit = np.repeat(np.arange(4), 10)
    floor = error_floor(confidence, unit=unit, bins=1, draws=20000)
    assert floor == pytest.approx(3 / 16, rel=0.02)
    assert floor > 2 * error_floor(confidence, bins=1)


def test_the_floor_does_not_depend_on_how_many_draws_fit_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    confidence = np.linspace(0.4, 1, 50)
    whole = error_floor(confidence)
    monkeypatch.setattr("brainlens.evaluation.calibration_error._ANSWERS_AT_A_TIME", 50 * 7)
    assert error_floor(confidence) == pytest.approx(whole)


def test_figures_are_those_of_scikit_learn() -> None:
    shares, truth = _answers(600)
    figures = probability_figures(shares, truth)
    assert figures.loss == pytest.approx(log_loss(truth, shares))
    by_class = [brier_score_loss(truth == c, shares[:, c]) for c in range(3)]
    np.testing.assert_allclose(classwise_brier(shares, truth), by_class)
    assert figures.brier == pytest.approx(sum(by_class))
    confidence = shares.max(axis=1)
    assert figures.ece_floor == pytest.approx(error_floor(confidence))
    # Truths that have nothing to do with the answers: far from calibrated.
    assert figures.ece > 3 * figures.ece_floor


def test_each_class_has_its_own_error() -> None:
    shares, truth = _answers(300, seed=4)
    for class_, error in enumerate(classwise_errors(shares, truth)):
        of_class, hits = shares[:, class_], truth == class_
        assert error == pytest.approx(expected_calibration_error(of_class, hits))


def test_rejected_slices_are_in_no_figure() -> None:
    shares, truth = _answers(100)
    holed = np.vstack([shares, np.full((5, 3), np.nan)])
    longer = np.append(truth, [0] * 5)
    assert probability_figures(holed, longer) == probability_figures(shares, truth)
    with pytest.raises(ValueError, match="no slice"):
        probability_figures(np.full((2, 3), np.nan), np.array([0, 1]))
