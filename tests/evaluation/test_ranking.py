import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from brainlens.evaluation.ranking import Ranking
from brainlens.evaluation.scores import Scores


def _scores(seed: int, n: int, n_classes: int, units: int, decimals: int) -> Scores:
    """Return random scores whose rounded probabilities have many ties, every class present."""
    rng = np.random.default_rng(seed)
    raw = rng.dirichlet(np.ones(n_classes), size=n).round(decimals)
    truth = np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=n - n_classes)])
    # As many units as asked for, whatever the rest draws.
    unit = np.concatenate([np.arange(units), rng.integers(units, size=n - units)])
    return Scores.from_probabilities(
        raw, truth.tolist(), [True] * n, rng.permutation(unit).tolist()
    )


def _expected(scores: Scores, weights: NDArray[np.float64], index: int) -> tuple[float, float]:
    of_slice = weights[scores.unit]
    kept = of_slice > 0
    positive = scores.truth[kept] == index
    if positive.all() or not positive.any():
        return np.nan, np.nan
    probability = scores.probabilities[kept, index]
    return (
        roc_auc_score(positive, probability, sample_weight=of_slice[kept]),
        average_precision_score(positive, probability, sample_weight=of_slice[kept]),
    )


@settings(max_examples=30)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(8, 40),
    n_classes=st.integers(2, 4),
    decimals=st.sampled_from([1, 2, 12]),
)
def test_every_draw_is_scikit_learns_figure_of_the_weighted_slices(
    seed: int, n: int, n_classes: int, decimals: int
) -> None:
    units = 5
    scores = _scores(seed, n, n_classes, units, decimals)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(units, np.full(units, 1 / units), size=4).astype(np.float64)
    weights[0] = 1
    found = Ranking(scores).figures(weights)
    for draw in range(len(weights)):
        for index in range(n_classes):
            auroc, auprc = _expected(scores, weights[draw], index)
            assert found["auroc"][draw, index] == pytest.approx(auroc, nan_ok=True)
            assert found["auprc"][draw, index] == pytest.approx(auprc, nan_ok=True)


def test_a_case_counted_by_hand() -> None:
    # Class 1: slices of it at 0.9 and 0.4, others at 0.4 and 0.1. Four pairs: three right, one
    # equal. Taking in 0.9 is right; taking in 0.4 as well gives two right of three.
    first = np.array([0.1, 0.6, 0.6, 0.9])
    scores = Scores.from_probabilities(
        np.stack([first, 1 - first], axis=1), [1, 1, 0, 0], [True] * 4, range(4)
    )
    found = Ranking(scores).figures(np.ones((1, 4)))
    assert found["auroc"][0, 1] == pytest.approx(3.5 / 4)
    assert found["auprc"][0, 1] == pytest.approx((1 + 2 / 3) / 2)


def test_rejected_slices_stay_out() -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [np.nan, np.nan], [0.3, 0.7]])
    scores = Scores.from_probabilities(probabilities, [0, 1, 0, 1], [True] * 4, range(4))
    found = Ranking(scores).figures(np.ones((1, 4)))
    np.testing.assert_array_equal(found["auroc"], [[1.0, 1.0]])


def test_a_class_alone_or_absent_cannot_be_ranked() -> None:
    scores = Scores.from_probabilities(
        np.array([[0.9, 0.1], [0.8, 0.2]]), [0, 0], [True] * 2, range(2)
    )
    found = Ranking(scores).figures(np.ones((3, 2)))
    assert np.isnan(found["auroc"]).all()
    assert np.isnan(found["auprc"]).all()
    assert found["auroc"].shape == (3, 2)


def test_nothing_to_rank() -> None:
    nothing = Ranking(Scores.from_probabilities(np.zeros((0, 3)), [], [], []))
    assert np.isnan(nothing.figures(np.ones((1, 0)))["auroc"]).all()
