import numpy as np
import pytest

from brainlens.inference.prediction_set import set_members

LEAST = np.array([0.4, 0.3, 0.0])


@pytest.mark.parametrize(
    ("shares", "members"),
    [
        ([0.4, 0.35, 0.25], [True, True, True]),
        ([0.39, 0.6, 0.01], [False, True, True]),
        ([0.5, 0.5, 0.0], [True, True, True]),
    ],
)
def test_a_class_is_in_the_set_from_its_least_probability(
    shares: list[float], members: list[bool]
) -> None:
    assert set_members(np.array(shares), LEAST).tolist() == members


def test_the_predicted_class_is_always_in_the_set() -> None:
    found = set_members(np.array([[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]]), np.full(3, 0.9))
    assert found.tolist() == [[True, False, False], [False, False, True]]


def test_a_rejected_slice_has_an_empty_set() -> None:
    assert not set_members(np.full(3, np.nan), LEAST).any()
