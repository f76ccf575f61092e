"""Ratios of sums and their intervals, against draws made one by one and a simulation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brainlens.evaluation.ratio import Ratio, ratios


def test_the_value_is_the_quotient_of_the_sums_of_the_slices_that_count() -> None:
    found = ratios(
        {"mean": ([1.0, 3.0, np.nan, 8.0], [1, 1, 0, 2])}, np.array([0, 0, 1, 2]), draws=50
    )["mean"]
    assert found.value == pytest.approx(12 / 4)
    assert (found.n_slices, found.n_units) == (3, 2)


def test_intervals_are_the_quantiles_of_patients_drawn_one_by_one() -> None:
    rng = np.random.default_rng(5)
    unit = np.sort(rng.integers(0, 12, 60))
    unit = np.unique(unit, return_inverse=True)[1]
    values = rng.normal(0.4, 0.3, 60)
    found = ratios({"mean": (values, 1)}, unit, draws=3000, seed=3)["mean"]
    other = np.random.default_rng(11)
    means = []
    for _ in range(3000):
        drawn = other.integers(0, unit.max() + 1, unit.max() + 1)
        means.append(np.concatenate([values[unit == u] for u in drawn]).mean())
    assert found.interval is not None
    assert found.interval == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.01)


def test_patients_not_slices_are_drawn() -> None:
    # Slices of one patient all alike: ten times as many of them tell nothing more.
    once = ratios({"m": (np.arange(20.0), 1)}, np.arange(20))["m"]
    tenfold = ratios({"m": (np.repeat(np.arange(20.0), 10), 1)}, np.repeat(np.arange(20), 10))["m"]
    assert tenfold.interval == pytest.approx(once.interval)
    assert (tenfold.n_slices, tenfold.n_units) == (200, 20)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        ability = rng.normal(0, 1, 40)
        values = np.repeat(ability, 3) + rng.normal(0, 0.5, 120)
        low, high = ratios({"m": (values, 1)}, np.repeat(np.arange(40), 3), draws=400)[
            "m"
        ].interval or (0, 0)
        covered += low <= 0 <= high
    assert 0.89 <= covered / 200 <= 0.98


def test_all_figures_share_their_draws_so_a_difference_of_pairs_is_the_pairs_difference() -> None:
    rng = np.random.default_rng(2)
    one = rng.normal(size=30)
    same = ratios({"one": (one, 1), "again": (one, 1)}, np.arange(30))
    assert same["one"] == same["again"]
    shifted = ratios({"difference": (one + 0.25 - one, 1)}, np.arange(30))["difference"]
    assert shifted.value == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("values", "below", "unit"), [([1.0, 0.0], [1, 1], [0, 0]), ([0.5, 0.2], [1, 0], [0, 1])]
)
def test_one_patient_gives_no_interval(
    values: list[float], below: list[int], unit: list[int]
) -> None:
    found = ratios({"m": (values, below)}, np.array(unit))["m"]
    assert found.value is not None
    assert found.interval is None


def test_where_all_draws_agree_a_share_gets_the_exact_interval_and_a_difference_none() -> None:
    unit = np.array([0, 0, 1, 2, 2])
    all_hit = ratios({"m": (np.ones(5), 1)}, unit)["m"]
    # Three patients, all right: the lower bound p solves p³ = 0.025.
    assert all_hit.interval == pytest.approx((0.025 ** (1 / 3), 1))
    none = ratios({"m": (np.zeros(5), 1)}, unit)["m"]
    assert none.interval == pytest.approx((0, 1 - 0.025 ** (1 / 3)))
    assert ratios({"m": (np.zeros(5), 1)}, unit, shares=False)["m"].interval is None


def test_nothing_that_counts_has_no_value() -> None:
    assert ratios({"m": ([], [])}, np.array([], dtype=np.int64))["m"] == Ratio(None, None, 0, 0)
    assert ratios({"m": ([np.nan], [0])}, np.array([0]))["m"].value is None


def test_what_it_says_in_text_and_json() -> None:
    assert str(Ratio(None, None, 0, 0)) == "–"
    assert str(Ratio(0.5, None, 3, 1)) == "0.500"
    assert str(Ratio(0.5, (0.25, 0.75), 8, 4)) == "0.500 (0.250 to 0.750)"
    assert Ratio(0.5, (0.25, 0.75), 8, 4).to_dict() == {
        "value": 0.5,
        "interval": [0.25, 0.75],
        "n_slices": 8,
        "n_units": 4,
    }
    assert Ratio(0.5, None, 8, 4).to_dict()["interval"] is None


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 5)), min_size=1, max_size=30))
def test_a_mean_of_shares_and_its_bounds_stay_shares(pairs: list[tuple[float, int]]) -> None:
    unit = np.unique([u for _, u in pairs], return_inverse=True)[1]
    found = ratios({"m": ([v for v, _ in pairs], 1)}, unit, draws=60)["m"]
    assert found.value == pytest.approx(math.fsum(v for v, _ in pairs) / len(pairs))
    if found.interval is not None:
        assert -1e-9 <= found.interval[0] <= found.interval[1] <= 1 + 1e-9
