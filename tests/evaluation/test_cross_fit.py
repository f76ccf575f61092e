import numpy as np
import pytest

from brainlens.evaluation.cross_fit import cross_fit, deal_folds

TRUTH = np.repeat([0, 1, 2], 40)
UNIT = np.repeat(np.arange(30), 4)


def test_patients_are_dealt_whole_and_classes_evenly() -> None:
    fold = deal_folds(TRUTH, UNIT)
    assert np.unique(fold).tolist() == [0, 1, 2, 3, 4]
    for patient in range(30):
        assert len(np.unique(fold[patient == UNIT])) == 1
    for class_ in range(3):
        assert np.bincount(fold[class_ == TRUTH]).tolist() == [8] * 5


def test_folds_that_come_with_the_slices_are_kept() -> None:
    own = (UNIT % 3 + 1).astype(np.int64)
    np.testing.assert_array_equal(deal_folds(TRUTH, UNIT, own), own)


@pytest.mark.parametrize(
    "own", [np.ones(120, dtype=np.int64), np.arange(120) % 4], ids=["one fold", "patients divided"]
)
def test_folds_that_cannot_be_used_are_dealt_anew(own: np.ndarray) -> None:
    np.testing.assert_array_equal(deal_folds(TRUTH, UNIT, own), deal_folds(TRUTH, UNIT))


def test_two_patients_make_two_folds_and_one_makes_none() -> None:
    fold = deal_folds(np.array([0, 0, 1]), np.array([4, 4, 9]))
    assert fold[0] == fold[1] != fold[2]
    with pytest.raises(ValueError, match="one patient"):
        deal_folds(np.array([0, 0]), np.array([4, 4]))


def test_each_slice_is_measured_by_a_fit_without_its_fold() -> None:
    values = np.arange(6.0)
    fold = np.array([0, 1, 2, 0, 1, 2])
    found = cross_fit(fold, lambda fit, apply: np.full(int(apply.sum()), values[fit].sum()))
    np.testing.assert_array_equal(found, [12, 10, 8, 12, 10, 8])


def test_values_of_any_shape_come_back_in_order() -> None:
    table = np.arange(8).reshape(4, 2) > 3
    found = cross_fit(np.array([1, 0, 1, 0]), lambda _, apply: table[apply])
    np.testing.assert_array_equal(found, table)
