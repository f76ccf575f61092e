from typing import get_args

import pytest

from brainlens.inference.answer import Status
from brainlens.inference.gates.gate import ABSTAINING, REJECTING
from brainlens.inference.message import message
from brainlens.words import REASON_SENTENCES, STATUS_SENTENCES


def test_every_status_and_reason_has_a_sentence_in_both_languages() -> None:
    assert set(STATUS_SENTENCES) == set(get_args(Status))
    # The contract's reasons: two of them nothing gives yet.
    assert set(REASON_SENTENCES) == {*ABSTAINING, *REJECTING, "unreadable", "unexpected_sequence"}
    for sentences in (*STATUS_SENTENCES.values(), *REASON_SENTENCES.values()):
        assert set(sentences) == {"en", "fr"}
        assert all(sentence.endswith(".") for sentence in sentences.values())


def test_a_message_is_the_status_and_then_its_reasons() -> None:
    said = message("abstained", ["poor_quality", "low_confidence"])
    assert said["en"] == (
        "The model abstains: its output is not to be relied on here. The image is too small or "
        "shows too little. The confidence is below the threshold."
    )
    assert said["fr"].startswith("Abstention : ")
    with pytest.raises(KeyError):
        message("abstained", ["a whim"])
