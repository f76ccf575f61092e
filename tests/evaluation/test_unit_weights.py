import numpy as np
import pytest

from brainlens.evaluation.unit_weights import class_mix, unit_weights


def test_every_unit_has_one_vote_that_its_slices_share() -> None:
    weights = unit_weights(np.array([5, 2, 5, 5, 5]))
    np.testing.assert_allclose(weights, [0.25, 1, 0.25, 0.25, 0.25])


def test_the_mix_counts_patients_not_slices() -> None:
    # Patient 0: eight slices of class 0. Patient 1: one of class 1. Patient 2: one of each.
    truth = np.array([0] * 8 + [1] + [0, 1])
    unit = np.array([0] * 8 + [1] + [2, 2])
    assert class_mix(truth, unit, 3) == pytest.approx([0.5, 0.5, 0.0])
