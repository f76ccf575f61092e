"""Contenders that do other work are found out."""

import pytest
from benchmarks.serving.agreement import check_agreement

from brainlens.errors import CheckFailed

WANTED = [{"a": 0.7, "b": 0.3}, {"a": 0.5001, "b": 0.4999}]


def test_the_largest_difference_is_told_whatever_the_order_of_classes() -> None:
    found = [{"b": 0.3, "a": 0.7}, {"a": 0.4996, "b": 0.5004}]
    # The second is another class, of a tie closer than what is let pass.
    assert check_agreement("other", found, WANTED) == pytest.approx(0.0005)


def test_a_probability_too_far_off_is_an_error() -> None:
    with pytest.raises(CheckFailed, match="other answers image 1"):
        check_agreement("other", [WANTED[0], {"a": 0.503, "b": 0.497}], WANTED)


def test_a_missing_answer_is_an_error() -> None:
    with pytest.raises(ValueError, match="argument"):
        check_agreement("other", WANTED[:1], WANTED)
