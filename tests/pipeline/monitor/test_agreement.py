import pytest

from brainlens.pipeline.monitor.agreement import Agreement
from brainlens.pipeline.monitor.tally import tallies

from .stored import HASH, stored


def test_agreement_is_of_answers_with_a_conclusion() -> None:
    unsure = {"status": "abstained", "reasons": ("low_confidence",)}
    found = Agreement.of(
        tallies(
            [
                stored(0, "alpha"),
                stored(1, "alpha"),
                stored(2, "beta"),
                stored(3, None),
                stored(4, "alpha", predicted_class="beta"),
                stored(5),
                stored(6, "alpha", **unsure),
                stored(7, None, **unsure),
            ]
        )[HASH]
    )

    assert (found.n_answered, found.n_concluded, found.n_agreed) == (6, 5, 2)
    assert found.share == 0.4
    # Clopper and Pearson's interval of 2 in 5.
    assert found.interval == pytest.approx((0.0527, 0.8534), abs=1e-4)
    assert found.table == {
        ("alpha", "alpha"): 2,
        ("beta", "alpha"): 1,
        (None, "alpha"): 1,
        ("alpha", "beta"): 1,
    }
    assert found.abstained == {"alpha": 1, None: 1}
    assert [row["n"] for row in found.to_dict()["table"]] == [1, 2, 1, 1]


def test_without_conclusions_there_is_no_share() -> None:
    found = Agreement.of(tallies([stored(0)])[HASH])

    assert (found.share, found.interval, found.n_answered) == (None, None, 1)
