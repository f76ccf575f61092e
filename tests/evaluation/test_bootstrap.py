import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from brainlens.evaluation import bootstrap
from brainlens.evaluation.bootstrap import intervals, weighted_intervals
from brainlens.evaluation.counts import Counts
from brainlens.evaluation.metrics import figures
from brainlens.evaluation.scores import Scores


def _counts(correct: list[bool], units: list[int]) -> Counts:
    probabilities = np.array([[0.9, 0.1] if right else [0.1, 0.9] for right in correct])
    confident = [True] * len(correct)
    return Counts.per_unit(
        Scores.from_probabilities(probabilities, [0] * len(correct), confident, units)
    )


def test_one_patient_has_no_interval() -> None:
    bounds = intervals(_counts([True, False, True], [7, 7, 7]), figures)
    assert bounds["accuracy"].shape == (2,)
    assert bounds["sensitivity"].shape == (2, 2)
    assert all(np.isnan(bound).all() for bound in bounds.values())


def test_nothing_measured_has_no_interval() -> None:
    empty = Scores.from_probabilities(np.zeros((0, 2)), [], [], [])
    bounds = intervals(Counts.per_unit(empty), figures)
    assert np.isnan(bounds["accuracy"]).all()


def test_slices_apart_give_the_binomial_interval() -> None:
    n, share = 400, 0.8
    counts = _counts([i < n * share for i in range(n)], list(range(n)))
    low, high = intervals(counts, figures, draws=4000)["accuracy"]
    half = 1.96 * np.sqrt(share * (1 - share) / n)
    assert low == pytest.approx(share - half, abs=0.006)
    assert high == pytest.approx(share + half, abs=0.006)


def test_slices_of_one_patient_are_not_taken_for_independent() -> None:
    # 40 patients of 10 slices that are all right or all wrong: 40 independent facts, not 400.
    correct = [patient < 32 for patient in range(40) for _ in range(10)]
    patients = [patient for patient in range(40) for _ in range(10)]
    low, high = intervals(_counts(correct, patients), figures)["accuracy"]
    low_slices, high_slices = intervals(_counts(correct, list(range(400))), figures)["accuracy"]
    assert high - low == pytest.approx(np.sqrt(10) * (high_slices - low_slices), rel=0.15)


def test_the_interval_holds_the_true_accuracy_about_95_times_of_100() -> None:
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(200):
        counts = _counts((rng.random(100) < 0.8).tolist(), list(range(100)))
        low, high = intervals(counts, figures, draws=200)["accuracy"]
        held += bool(low <= 0.8 <= high)
    assert 176 <= held <= 199


def test_equal_seeds_give_equal_intervals() -> None:
    counts = _counts([True, False] * 20, list(range(40)))
    first, again, other = (
        intervals(counts, figures, draws=10, seed=seed)["accuracy"] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_interval_does_not_depend_on_how_many_draws_fit_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = _counts([True, False] * 20, list(range(40)))
    whole = intervals(counts, figures)["accuracy"]
    monkeypatch.setattr(bootstrap, "_NUMBERS_AT_A_TIME", 40 * 7)
    np.testing.assert_allclose(intervals(counts, figures)["accuracy"], whole)


def test_draws_without_the_figure_are_left_out() -> None:
    # Class 1 has one slice of ten: many draws do not hold it, yet its sensitivity has bounds.
    probabilities = np.array([[0.9, 0.1]] * 9 + [[0.2, 0.8]])
    scores = Scores.from_probabilities(probabilities, [0] * 9 + [1], [True] * 10, list(range(10)))
    bounds = intervals(Counts.per_unit(scores), figures)
    np.testing.assert_array_equal(bounds["sensitivity"][:, 1], [1.0, 1.0])


def test_slices_decide_too_how_many_draws_are_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "_NUMBERS_AT_A_TIME", 700)
    handed: list[int] = []

    def figures_of(weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        handed.append(len(weights))
        return {"first": weights[:, 0]}

    weighted_intervals(7, figures_of, slices=100, draws=20)
    assert handed == [7, 7, 6]
    handed.clear()
    weighted_intervals(7, figures_of, slices=10_000, draws=3)
    assert handed == [1, 1, 1]


def test_every_draw_holds_as_many_units_as_there_are_and_the_draws_are_told() -> None:
    told: list[tuple[int, int]] = []

    def figures_of(weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        assert (weights.sum(axis=1) == 7).all()
        return {"first": weights[:, 0]}

    weighted_intervals(7, figures_of, draws=50, progress=lambda *done: told.append(done))
    assert told[-1] == (50, 50)


def test_the_quantiles_are_those_of_the_draws() -> None:
    # How often a unit is drawn is binomial(40, 1/40): both bounds are known.
    bounds = weighted_intervals(40, lambda weights: {"times": weights[:, :1]}, draws=20_000)
    np.testing.assert_array_equal(bounds["times"][:, 0], binom.ppf([0.025, 0.975], 40, 1 / 40))
