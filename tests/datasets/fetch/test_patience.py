import pytest

from brainlens.datasets.fetch.patience import Hiccup, Patience, persist
from brainlens.errors import ServiceUnavailable


def test_pauses_double_up_to_the_longest_and_keep_to_what_is_asked() -> None:
    patience = Patience(first_pause_s=1, longest_pause_s=5)
    assert [patience.pause_s(n, None) for n in (1, 2, 3, 4)] == [1, 2, 4, 5]
    assert patience.pause_s(3, 2.5) == 2.5
    assert patience.pause_s(1, 900) == 5


def test_what_is_gained_begins_the_count_anew() -> None:
    outcomes = [False, False, True, False, False]

    def attempt() -> str:
        if outcomes:
            raise Hiccup("it broke off", gained=outcomes.pop(0), pause_s=0)
        return "done"

    assert persist(attempt, Patience(retries=3)) == "done"


def test_patience_ends() -> None:
    tries = []

    def attempt() -> None:
        tries.append(1)
        raise Hiccup("it broke off", pause_s=0)

    with pytest.raises(ServiceUnavailable, match=r"it broke off, 3 times in a row\. .*goes on"):
        persist(attempt, Patience(retries=2))
    assert len(tries) == 3
