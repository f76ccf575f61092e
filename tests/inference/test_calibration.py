import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainlens.inference.calibration import softmax

LOGITS = st.lists(st.floats(-1e3, 1e3, width=32), min_size=2, max_size=6)
TEMPERATURE = st.floats(0.01, 100)


def test_known_values() -> None:
    logits = np.log(np.array([[1.0, 2.0, 5.0]], dtype=np.float32))
    np.testing.assert_allclose(softmax(logits), [[0.125, 0.25, 0.625]], rtol=1e-6)
    np.testing.assert_allclose(softmax(logits, 0.5), [[1 / 30, 4 / 30, 25 / 30]], rtol=1e-6)


@given(LOGITS, TEMPERATURE)
def test_probabilities_sum_to_one(logits: list[float], temperature: float) -> None:
    shares = softmax(np.array(logits, dtype=np.float32), temperature)
    assert shares.dtype == np.float64
    assert ((shares >= 0) & (shares <= 1)).all()
    assert shares.sum() == pytest.approx(1, abs=1e-12)


@given(LOGITS, TEMPERATURE)
def test_a_larger_logit_never_has_a_smaller_probability(
    logits: list[float], temperature: float
) -> None:
    shares = softmax(np.array(logits), temperature)
    assert (np.diff(shares[np.argsort(logits)]) >= 0).all()


@given(LOGITS, TEMPERATURE)
def test_no_temperature_changes_the_predicted_class(
    logits: list[float], temperature: float
) -> None:
    # Logits closer than rounding may become one probability: then either class is right.
    shares = softmax(np.array(logits), temperature)
    assert shares[np.argmax(logits)] == shares.max()


@given(LOGITS, st.floats(1, 100))
def test_heat_never_raises_confidence(logits: list[float], temperature: float) -> None:
    values = np.array(logits)
    assert softmax(values, temperature).max() <= softmax(values).max() + 1e-12


def test_extreme_numbers_do_not_overflow() -> None:
    largest = float(np.finfo(np.float64).max)
    np.testing.assert_array_equal(softmax(np.array([largest, -largest]), 1e-300), [1, 0])
    np.testing.assert_array_equal(softmax(np.array([1e-300, 0.0]), 1e300), [0.5, 0.5])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_logits_that_are_not_finite_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        softmax(np.array([bad, 0.0]))


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_that_is_not_above_zero_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        softmax(np.array([1.0, 0.0]), temperature)
