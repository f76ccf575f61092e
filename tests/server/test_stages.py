import pytest

from brainlens.server.stages import add_measured, stage, stages_of


def test_a_stage_is_noted_however_it_ends() -> None:
    scope: dict[str, object] = {}

    with stage(scope, "one"):
        pass
    with pytest.raises(ZeroDivisionError), stage(scope, "two"):
        raise ZeroDivisionError

    assert [one.name for one in stages_of(scope)] == ["one", "two"]
    assert all(one.start_ns <= one.end_ns for one in stages_of(scope))


def test_measured_stages_follow_each_other() -> None:
    scope: dict[str, object] = {"state": {"request_id": "a"}}

    add_measured(scope, 1000, {"decode": 0.002, "inference": 0.5, "total": 0.6})

    assert [(one.name, one.start_ns, one.end_ns) for one in stages_of(scope)] == [
        ("decode", 1000, 3000),
        ("inference", 3000, 503_000),
    ]
