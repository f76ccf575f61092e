import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from brainlens.evaluation.separation import Separation, separation

grades = st.lists(st.integers(0, 5), min_size=1, max_size=30)


def _alone(values: list[int]) -> list[int]:
    return list(range(len(values)))


@given(known=grades, unknown=grades)
def test_it_is_the_area_under_the_roc_curve_ties_included(
    known: list[int], unknown: list[int]
) -> None:
    found = separation(known, _alone(known), unknown, _alone(unknown), draws=2)
    truth = [0] * len(known) + [1] * len(unknown)
    assert found.auroc == pytest.approx(roc_auc_score(truth, known + unknown))


@given(known=grades, unknown=grades)
def test_turning_the_score_round_turns_the_area_round(known: list[int], unknown: list[int]) -> None:
    found = separation(known, _alone(known), unknown, _alone(unknown), draws=2)
    turned = separation(
        [-v for v in known], _alone(known), [-v for v in unknown], _alone(unknown), draws=2
    )
    assert found.auroc + turned.auroc == pytest.approx(1)


def test_a_draw_weighs_whole_patients() -> None:
    # Two patients a side; every draw of them gives one of few areas, whose share is known.
    known, unknown = [0.0, 0.0, 2.0], [1.0, 3.0, 3.0]
    found = separation(known, ["a", "a", "b"], unknown, ["c", "d", "d"], draws=4000)
    # a before c and d: 2 + 4 pairs; b before d: 2 pairs.
    assert found.auroc == pytest.approx(8 / 9)
    # The worst draw takes b and c twice each (1 in 16): no pair is won. The best wins all.
    assert found.interval == (0.0, 1.0)
    alone = separation(known, [0, 1, 2], unknown, [3, 4, 5], draws=4000)
    assert alone.interval is not None
    assert alone.interval[0] > 0


def test_the_interval_covers_the_true_area_nineteen_times_in_twenty() -> None:
    # Patients, not slices, are what differ: each has three nearly equal slices. For two normal
    # scores one standard deviation apart the true area is Phi(1 / sqrt 2) = 0.7602.
    rng = np.random.default_rng(4)
    covered = 0
    for seed in range(200):
        known, unknown = rng.normal(0, 1, 40), rng.normal(1, 1, 40)
        units = list(np.repeat(np.arange(40), 3))
        jitter = rng.normal(0, 1e-3, (2, 120))
        found = separation(
            np.repeat(known, 3) + jitter[0],
            units,
            np.repeat(unknown, 3) + jitter[1],
            units,
            draws=300,
            seed=seed,
        )
        assert found.interval is not None
        covered += found.interval[0] <= 0.7602 <= found.interval[1]
    assert 0.90 <= covered / 200 <= 0.985


def test_draws_in_parts_are_the_draws_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from brainlens.evaluation import separation as module

    rng = np.random.default_rng(0)
    arguments = (rng.normal(0, 1, 30), list(range(30)), rng.normal(1, 1, 30), list(range(30)))
    assert separation(*arguments) == separation(*arguments)
    monkeypatch.setattr(module, "_WEIGHTS_AT_A_TIME", 60 * 7)
    in_parts, at_once = separation(*arguments), separation(*arguments, seed=1)
    assert in_parts.interval is not None
    assert at_once.interval is not None
    assert in_parts.interval == pytest.approx(at_once.interval, abs=0.03)


@pytest.mark.parametrize(
    ("known", "unknown"),
    [
        ([0.0, 0.1], [1.0, 1.1]),  # never a mistake in any draw
        ([0.0], [1.0, 0.0]),  # one patient
    ],
)
def test_without_spread_or_without_patients_there_is_no_interval(
    known: list[float], unknown: list[float]
) -> None:
    found = separation(known, list(range(len(known))), unknown, list(range(len(unknown))))
    assert found.interval is None
    assert json.loads(json.dumps(found.to_dict())) == {"auroc": found.auroc, "interval": None}


def test_what_has_no_area_is_refused() -> None:
    with pytest.raises(ValueError, match="needs slices"):
        separation([], [], [1.0], ["a"])
    with pytest.raises(ValueError, match="needs slices"):
        separation([1.0, 2.0], ["a"], [1.0], ["a"])
    with pytest.raises(ValueError, match="not finite"):
        separation([float("nan")], ["a"], [1.0], ["b"])


def test_json_keeps_the_interval() -> None:
    assert Separation(0.5, (0.4, 0.6)).to_dict() == {"auroc": 0.5, "interval": [0.4, 0.6]}
