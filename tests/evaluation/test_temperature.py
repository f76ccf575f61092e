import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

from brainlens.evaluation.temperature import HIGHEST, LOWEST, SPREAD, fit_temperature, tempered
from brainlens.inference.calibration import softmax


def _drawn(
    n: int, temperature: float, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return logits, and truths drawn from their softmax at a temperature."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (n, 3))
    shares = softmax(logits, temperature)
    truth = (rng.random((n, 1)) > shares.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return logits, truth


@pytest.mark.parametrize("planted", [0.5, 1.0, 2.5])
def test_the_planted_temperature_is_found(planted: float) -> None:
    logits, truth = _drawn(20000, planted)
    found = fit_temperature(softmax(logits), truth, np.arange(len(truth)))
    assert found == pytest.approx(planted, rel=0.05)


def test_two_classes_give_the_slope_of_a_logistic_regression() -> None:
    logits, truth = _drawn(800, 1.7, seed=3)
    logits = logits[:, :2]
    truth = np.minimum(truth, 1)
    margin = (logits[:, 1] - logits[:, 0])[:, np.newaxis]
    regression = LogisticRegression(C=1e12, fit_intercept=False, tol=1e-10).fit(margin, truth)
    found = fit_temperature(softmax(logits), truth, np.arange(len(truth)), spread=math.inf)
    assert found == pytest.approx(1 / float(regression.coef_[0, 0]), rel=1e-4)


def test_a_patient_of_many_slices_counts_as_one() -> None:
    logits, truth = _drawn(60, 1.5, seed=1)
    shares, unit = softmax(logits), np.arange(60)
    once = fit_temperature(shares, truth, unit)
    repeated = np.array([0] * 500 + list(range(1, 60)))
    many = fit_temperature(shares[repeated], truth[repeated], unit[repeated])
    assert many == pytest.approx(once, rel=1e-4)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.floats(0.3, 5), st.floats(0.5, 8))
def test_no_other_temperature_is_likelier(seed: int, n: int, planted: float, scale: float) -> None:
    rng = np.random.default_rng(seed)
    shares = softmax(rng.normal(0, scale, (n, 3)))
    truth = (rng.random((n, 1)) > softmax(np.log(shares), planted).cumsum(axis=1)[:, :-1]).sum(1)
    found = fit_temperature(shares, truth, np.arange(n))

    def likely(temperature: float) -> float:
        at_truth = tempered(shares, temperature)[np.arange(n), truth]
        drawn = norm.logpdf(math.log(temperature), scale=SPREAD)
        return float(np.log(np.maximum(at_truth, np.finfo(np.float64).tiny)).sum() + drawn)

    best = max(likely(temperature) for temperature in np.geomspace(LOWEST, HIGHEST, 400))
    assert likely(found) >= best - 1e-6


@pytest.mark.parametrize(("truth", "low", "high"), [([0, 1], 0.8, 1.0), ([1, 0], 1.2, 2.5)])
def test_two_patients_alone_move_it_little(truth: list[int], low: float, high: float) -> None:
    sure = np.array([[0.9, 0.1], [0.2, 0.8]])
    found = fit_temperature(sure, np.array(truth), np.arange(2))
    assert low < found < high
    # Without the spread known beforehand nothing holds it.
    assert not low < fit_temperature(sure, np.array(truth), np.arange(2), spread=math.inf) < high


def test_without_a_slice_it_is_one() -> None:
    assert fit_temperature(np.full((2, 2), np.nan), np.array([1, 0]), np.arange(2)) == 1.0


def test_the_more_patients_the_less_it_is_held() -> None:
    logits, truth = _drawn(4000, 4.0, seed=4)
    shares = softmax(logits)
    found = [fit_temperature(shares[:n], truth[:n], np.arange(n)) for n in (5, 40, 4000)]
    free = [
        fit_temperature(shares[:n], truth[:n], np.arange(n), spread=math.inf) for n in (5, 40, 4000)
    ]
    held = [math.log(b / a) for a, b in zip(found, free, strict=True)]
    assert held[0] > held[1] > held[2] > 0
    assert held[2] < 0.01


def test_rejected_slices_do_not_count_and_stay_rejected() -> None:
    logits, truth = _drawn(200, 2.0)
    shares, unit = softmax(logits), np.arange(200)
    holed = shares.copy()
    holed[::7] = np.nan
    known = ~np.isnan(holed).any(axis=1)
    assert fit_temperature(holed, truth, unit) == pytest.approx(
        fit_temperature(shares[known], truth[known], unit[known])
    )
    assert np.isnan(tempered(holed, 2.0)[::7]).all()


@given(st.lists(st.floats(-40, 40), min_size=2, max_size=5), st.floats(0.2, 8))
def test_probabilities_are_tempered_as_their_logits_are(
    logits: list[float], temperature: float
) -> None:
    row = np.array([logits])
    np.testing.assert_allclose(
        tempered(softmax(row), temperature), softmax(row, temperature), atol=1e-9
    )


def test_a_probability_of_zero_stays_a_number() -> None:
    assert np.isfinite(tempered(np.array([[1.0, 0.0]]), 3.0)).all()


def test_many_classes_and_one_mistake_determine_one_alone() -> None:
    shares = np.array([[0.9, 0.05, 0.05]] * 30)
    truth = np.array([0] * 29 + [1])
    found = fit_temperature(shares, truth, np.arange(30), spread=math.inf)
    # At the best temperature the mean logit of the truth is as expected: one in thirty is wrong.
    assert tempered(shares, found)[0, 0] == pytest.approx(29 / 30, abs=1e-4)
