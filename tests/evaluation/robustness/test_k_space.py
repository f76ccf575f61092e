"""Lines of k-space, against the transform written out."""

import numpy as np
import pytest

from brainlens.evaluation.robustness.k_space import along, to_image, to_lines


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("shape", [(8, 6), (7, 9)])
def test_lines_are_the_fourier_sums_and_lead_back(axis: int, shape: tuple[int, int]) -> None:
    values = np.random.default_rng(0).random(shape).astype(np.float32)
    lines = to_lines(values, axis)
    n = shape[axis]
    frequency = np.arange(n) - n // 2
    matrix = np.exp(-2j * np.pi * np.outer(frequency, np.arange(n)) / n)
    expected = matrix @ values if axis == 0 else values @ matrix.T
    assert lines == pytest.approx(expected, abs=1e-4)
    assert to_image(lines, axis) == pytest.approx(values, abs=1e-5)


def test_weights_go_with_their_lines() -> None:
    weights = np.arange(3, dtype=np.float32)
    assert (np.ones((3, 5)) * along(weights, 0))[2].tolist() == [2] * 5
    assert (np.ones((5, 3)) * along(weights, 1))[:, 2].tolist() == [2] * 5
