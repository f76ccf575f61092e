from typing import Any

import numpy as np
import pytest
from scipy.stats import ks_2samp

from brainlens.pipeline.monitor.drift import LEAST, confidence_drift, distance_drift
from brainlens.pipeline.monitor.reference import Reference


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def reference(**changed: Any) -> Reference:
    values: dict[str, Any] = {
        "name": "tiny",
        "decision_sha256": "cd" * 32,
        "data": "Quadrants",
        "n_slices": 1000,
        "above": (),
        "answer_rate": None,
        "classes": {},
        "distances": (),
    }
    return Reference(**{**values, **changed})


def measured(confidences: np.ndarray[Any, np.dtype[np.float64]]) -> Reference:
    thresholds = [step / 100 for step in range(100)]
    return reference(
        above=tuple((t, float((confidences >= t).mean())) for t in thresholds),
        n_slices=len(confidences),
    )


def test_the_same_values_have_not_moved(rng: np.random.Generator) -> None:
    values = rng.beta(8, 2, 1000)

    drift = confidence_drift(values, measured(values))

    assert drift is not None
    assert drift.difference == pytest.approx(0, abs=1e-12)
    assert not drift.beyond_chance


def test_it_is_the_statistic_of_kolmogorov_and_smirnov(rng: np.random.Generator) -> None:
    """Scipy compares at every value; here it is done at hundredths, so values are hundredths."""
    before = np.round(rng.beta(8, 2, 700), 2).clip(0, 0.99)
    now = np.round(rng.beta(5, 3, 400), 2).clip(0, 0.99)

    drift = confidence_drift(now, measured(before))

    assert drift is not None
    assert abs(drift.difference) == pytest.approx(ks_2samp(before, now).statistic)
    assert drift.difference > 0
    assert drift.beyond_chance
    assert drift.below_records == (now < drift.at).mean()


def test_chance_alone_is_rarely_called_drift(rng: np.random.Generator) -> None:
    called = 0
    for _ in range(300):
        before, now = rng.beta(8, 2, 300), rng.beta(8, 2, 200)
        drift = confidence_drift(now, measured(before))
        assert drift is not None
        called += drift.beyond_chance

    # 5 % by construction, and a little less for being compared at a hundred places only.
    assert 3 <= called <= 27


def test_distances_are_compared_at_the_quantiles(rng: np.random.Generator) -> None:
    before = rng.gamma(9, 1 / 9, 5000)
    known = reference(distances=tuple(np.quantile(before, np.linspace(0, 1, 101)).tolist()))
    now = rng.gamma(9, 1 / 9, 500)

    same, moved = distance_drift(now, known), distance_drift(now + 0.4, known)

    assert same is not None
    assert moved is not None
    assert not same.beyond_chance
    assert moved.beyond_chance
    assert moved.difference < -0.3
    assert abs(moved.difference) == pytest.approx(ks_2samp(before, now + 0.4).statistic, abs=0.02)


def test_distances_beyond_all_of_the_reference_count() -> None:
    known = reference(distances=tuple(np.linspace(0, 1, 101).tolist()))

    drift = distance_drift(np.full(LEAST, 7.0), known)

    assert drift is not None
    assert (drift.difference, drift.at) == (-1.0, 1.0)


def test_too_few_records_and_no_reference_say_nothing(rng: np.random.Generator) -> None:
    known = measured(rng.beta(8, 2, 100))

    assert confidence_drift(np.full(LEAST - 1, 0.5), known) is None
    assert confidence_drift(np.full(LEAST, 0.5), known) is not None
    assert confidence_drift(np.full(LEAST, 0.5), reference()) is None
    assert distance_drift(np.full(LEAST, 0.5), reference()) is None
