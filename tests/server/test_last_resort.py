import json
import os
import threading

import pytest

from brainlens.server.last_resort import STATUS, end_within


def test_a_process_that_is_still_there_is_ended(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ended = threading.Event()
    statuses: list[int] = []

    def leave(status: int) -> None:
        statuses.append(status)
        ended.set()

    monkeypatch.setattr(os, "_exit", leave)
    with caplog.at_level("INFO", "brainlens.server"):
        end_within(0.01)
        assert ended.wait(60)

    assert statuses == [STATUS]
    assert json.loads(caplog.records[-1].message)["event"] == "stop_forced"


def test_the_wait_holds_no_process_up(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[threading.Timer] = []
    monkeypatch.setattr(threading.Timer, "start", lambda timer: made.append(timer))

    end_within(3600)

    assert [timer.daemon for timer in made] == [True]
