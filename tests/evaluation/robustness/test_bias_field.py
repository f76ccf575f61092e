"""A bias field is smooth and as strong as it says."""

import numpy as np
import pytest

from brainlens.evaluation.robustness.bias_field import BIAS_FIELD
from brainlens.imaging import Slice


@pytest.mark.parametrize("seed", range(5))
def test_the_field_is_the_exponential_of_a_cubic_between_its_two_ends(seed: int) -> None:
    slice_ = Slice(np.full((60, 80), 1, np.float32), "nifti")
    field = BIAS_FIELD.apply(slice_, 3.0, np.random.default_rng(seed)).pixels.astype(float)
    assert field.max() == pytest.approx(1, abs=1e-5)
    assert field.min() == pytest.approx(1 / 3, abs=1e-5)
    # A polynomial of third order in a coordinate has no fourth differences.
    log = np.log(field)
    for axis in (0, 1):
        assert np.abs(np.diff(log, n=4, axis=axis)).max() < 1e-5
        assert np.abs(np.diff(log, n=1, axis=axis)).max() > 1e-3
