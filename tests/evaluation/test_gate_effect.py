from dataclasses import replace

import pytest

from brainlens.evaluation.gate_effect import gate_effect
from brainlens.outcomes import Outcome, Status

CLASSES = ("alpha", "beta")


def _outcome(
    number: int, label: str, alpha: float, status: Status, *reasons: str
) -> tuple[Outcome, Outcome]:
    """Return what the bundle said, and what its network alone gives."""
    shares = {"alpha": alpha, "beta": 1 - alpha}
    network = Outcome(
        f"{number}.png",
        label,
        f"p{number}",
        status="answered",
        predicted_class=max(shares, key=lambda c: shares[c]),
        confidence=max(shares.values()),
        probabilities=shares,
    )
    told = replace(network, status=status, reasons=reasons)
    if status == "rejected":
        told = replace(told, predicted_class=None, confidence=None, probabilities={})
    return told, network


def test_what_gates_cost_and_what_they_save() -> None:
    pairs = [
        _outcome(0, "alpha", 0.9, "answered"),
        _outcome(1, "alpha", 0.9, "answered"),
        _outcome(2, "beta", 0.9, "answered"),
        _outcome(3, "alpha", 0.6, "abstained", "low_confidence"),
        # Saves an error.
        _outcome(4, "beta", 0.8, "abstained", "out_of_distribution"),
        # Costs a right answer, although nothing was told of the class.
        _outcome(5, "beta", 0.1, "rejected", "not_brain_mr"),
        # Costs nothing: the threshold would have held it back anyway.
        _outcome(6, "alpha", 0.6, "abstained", "out_of_distribution", "low_confidence"),
        _outcome(7, "beta", 0.2, "answered"),
    ]
    outcomes, ungated = [told for told, _ in pairs], [network for _, network in pairs]
    found = gate_effect(outcomes, ungated, CLASSES, 0.7, draws=200)
    assert found.n_slices == 8
    assert found.reasons == {"out_of_distribution": 2, "not_brain_mr": 1}
    assert found.n_held_back == 3
    assert found.n_held_back_correct == 1
    assert found.without_gates["answer_rate"].value == pytest.approx(6 / 8)
    assert found.without_gates["error_among_answered"].value == pytest.approx(2 / 6)
    assert found.without_gates["confident_correct"].value == pytest.approx(4 / 8)
    assert found.with_gates["answer_rate"].value == pytest.approx(4 / 8)
    assert found.with_gates["error_among_answered"].value == pytest.approx(1 / 4)
    assert found.with_gates["confident_correct"].value == pytest.approx(3 / 8)
    content = found.to_dict()
    assert content["with_gates"]["answer_rate"]["n_units"] == 8
    assert set(content["without_gates"]) == set(found.without_gates)


def test_gates_that_object_to_nothing_change_nothing() -> None:
    pairs = [_outcome(i, "alpha", 0.5 + 0.04 * i, "answered") for i in range(10)]
    outcomes = [told for told, _ in pairs]
    found = gate_effect(outcomes, outcomes, CLASSES, 0.7, draws=100)
    assert found.with_gates == found.without_gates
    assert found.reasons == {}
