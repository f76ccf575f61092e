import numpy as np
import pytest

from brainlens.inference.prior import under_prior


def test_another_mix_is_bayes_rule() -> None:
    # Two overlapping classes; probabilities computed at one mix, turned, are those of the other.
    likelihood = np.array([[0.7, 0.2], [0.1, 0.5], [0.2, 0.3]])
    here, there = np.array([0.5, 0.5]), np.array([0.9, 0.1])

    def posterior(mix: np.ndarray) -> np.ndarray:
        joint = likelihood * mix
        return np.asarray(joint / joint.sum(axis=1, keepdims=True))

    np.testing.assert_allclose(under_prior(posterior(here), there, here), posterior(there))


def test_the_same_mix_changes_nothing_and_the_rejected_stay_so() -> None:
    mix = np.array([0.2, 0.8])
    shares = np.array([[0.3, 0.7], [np.nan, np.nan]])
    found = under_prior(shares, mix, mix)
    assert found[0] == pytest.approx([0.3, 0.7])
    assert np.isnan(found[1]).all()
