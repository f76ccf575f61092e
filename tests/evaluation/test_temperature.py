import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from brainlens.evaluation.temperature import fit_temperature, tempered
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
    found = fit_temperature(softmax(logits), truth, np.arange(len(truth)))
    assert found == pytest.approx(1 / float(regression.coef_[0, 0]), rel=1e-4)


def test_a_patient_of_many_slices_counts_as_one() -> None:
    logits, truth = _drawn(60, 1.5, seed=1)
    shares, unit = softmax(logits), np.arange(60)
    once = fit_temperature(shares, truth, unit)
    repeated = np.array([0] * 500 + list(range(1, 60)))
    many = fit_temperature(shares[repeated], truth[repeated], unit[repeated])
    assert many == pytest.approx(once, rel=1e-4)


def test_no_other_temperature_is_likelier() -> None:
    logits, truth = _drawn(300, 2.0, seed=2)
    shares = softmax(logits)
    found = fit_temperature(shares, truth, np.arange(300))
    assert found is not None
    losses = [log_loss(truth, tempered(shares, found * f)) for f in (0.97, 1.0, 1.03)]
    assert losses[1] == min(losses)


def test_data_without_a_mistake_or_worse_than_chance_determine_none() -> None:
    sure = np.array([[0.9, 0.1], [0.2, 0.8]])
    unit = np.arange(2)
    assert fit_temperature(sure, np.array([0, 1]), unit) is None
    assert fit_temperature(sure, np.array([1, 0]), unit) is None
    assert fit_temperature(np.full((2, 2), np.nan), np.array([1, 0]), unit) is None


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


def test_many_classes_and_one_mistake_determine_one() -> None:
    shares = np.array([[0.9, 0.05, 0.05]] * 30)
    truth = np.array([0] * 29 + [1])
    found = fit_temperature(shares, truth, np.arange(30))
    # At the best temperature the mean logit of the truth is as expected: one in thirty is wrong.
    assert found is not None
    assert tempered(shares, found)[0, 0] == pytest.approx(29 / 30, abs=1e-4)
