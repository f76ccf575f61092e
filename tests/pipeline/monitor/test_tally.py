import numpy as np
import pytest

from brainlens.pipeline.monitor.tally import tallies

from .stored import DAY_US, HASH, stored


def test_models_are_told_apart_by_what_decides() -> None:
    found = tallies(
        [stored(0), stored(1, decision_sha256="ee" * 32), stored(2, model="renamed"), stored(3)]
    )

    assert {hash_: tally.n for hash_, tally in found.items()} == {HASH: 3, "ee" * 32: 1}
    assert found[HASH].names == {"default", "renamed"}


def test_days_are_those_of_universal_time() -> None:
    day = 19_700
    found = tallies(
        stored(number, time_us=time_us)
        for number, time_us in enumerate(
            (day * DAY_US - 1, day * DAY_US, (day + 1) * DAY_US - 1, (day + 1) * DAY_US)
        )
    )

    assert found[HASH].statuses == {
        (day - 1, "answered"): 1,
        (day, "answered"): 2,
        (day + 1, "answered"): 1,
    }


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({"confidence": 0.9}, [0.9]),
        ({"confidence": 0.4, "status": "abstained", "reasons": ("low_confidence",)}, [0.4]),
        ({"confidence": 0.9, "status": "abstained", "reasons": ("out_of_distribution",)}, []),
        (
            {
                "confidence": 0.4,
                "status": "abstained",
                "reasons": ("low_confidence", "no_lesion_seen"),
            },
            [],
        ),
        ({"confidence": None, "status": "rejected", "reasons": ("not_brain_mr",)}, []),
    ],
)
def test_confidences_are_those_that_a_threshold_decides_on(
    changed: dict[str, object], kept: list[float]
) -> None:
    tally = tallies([stored(0, **changed)])[HASH]

    assert tally.confidences()[1].tolist() == kept


def test_records_without_a_distance_are_left_out() -> None:
    tally = tallies([stored(0, distance=1.5), stored(1, distance=None), stored(2, distance=0.5)])
    days, distances = tally[HASH].distances()

    np.testing.assert_array_equal(distances, [1.5, 0.5])
    assert len(days) == 2


def test_only_answers_make_the_class_mix_and_every_reason_counts() -> None:
    both = ("low_confidence", "no_lesion_seen")
    tally = tallies(
        [
            stored(0),
            stored(1, predicted_class="beta"),
            stored(2, status="abstained", reasons=both),
            stored(3, status="abstained", reasons=both[:1]),
        ]
    )[HASH]

    assert tally.classes == {"alpha": 1, "beta": 1}
    assert tally.reasons == {"low_confidence": 2, "no_lesion_seen": 1}
    assert [tally.count(s) for s in ("answered", "abstained", "rejected")] == [2, 2, 0]


def test_the_last_conclusion_counts() -> None:
    tally = tallies([stored(0, "beta", "alpha"), stored(1, "alpha", None), stored(2)])[HASH]

    assert tally.concluded == {
        ("answered", "alpha", "alpha"): 1,
        ("answered", "alpha", None): 1,
    }
