import numpy as np

from brainlens.evaluation.scores import REJECTED, Scores

NAN = float("nan")


def _scores() -> Scores:
    probabilities = np.array([[0.9, 0.1], [0.5, 0.5], [NAN, NAN], [0.0, 1.0]])
    return Scores.from_probabilities(
        probabilities, [0, 1, 1, 0], [True, False, True, True], ["a", "b", "a", "c"]
    )


def test_predicted_is_the_first_of_the_largest_and_none_where_rejected() -> None:
    assert _scores().predicted.tolist() == [0, 0, REJECTED, 1]


def test_loss_is_minus_log_of_the_truths_probability_and_finite_at_zero() -> None:
    loss = _scores().loss
    np.testing.assert_allclose(loss[:2], [-np.log(0.9), np.log(2)])
    assert np.isnan(loss[2])
    assert 30 < loss[3] < 40


def test_a_rejected_slice_is_never_confident() -> None:
    assert _scores().confident.tolist() == [True, False, False, True]


def test_slices_of_equal_unit_names_share_a_number() -> None:
    assert _scores().unit.tolist() == [0, 1, 0, 2]


def test_a_selection_numbers_its_units_anew() -> None:
    kept = _scores().select(np.array([False, True, False, True]))
    assert len(kept) == 2
    assert kept.unit.tolist() == [0, 1]
    assert kept.truth.tolist() == [1, 0]


def test_an_empty_selection_is_empty() -> None:
    assert len(_scores().select(np.zeros(4, dtype=np.bool_))) == 0
