import json
from pathlib import Path

import pytest

from brainlens.bundle import load_bundle
from brainlens.bundle.revise import revise
from brainlens.server.moments import now_us
from brainlens.server.records.feedback import Feedback
from brainlens.server.settings import Settings
from brainlens.server.storage import Storage

from ..pipeline.monitor.test_reference import curves
from ..server.databases import record, write
from .conftest import Command


@pytest.fixture
def measured(tiny_bundle: Path, tmp_path: Path) -> Path:
    """Return the tiny bundle with curves."""
    own = load_bundle(tiny_bundle)
    revise(own, tmp_path / "measured", curves=(curves(own.info.decision_sha256),))
    return tmp_path / "measured"


@pytest.fixture
def records(tiny_bundle: Path) -> None:
    """Keep eighty records of the tiny bundle, ten of them old, and one conclusion."""
    own = load_bundle(tiny_bundle).info.decision_sha256
    now = now_us()
    storage = Storage.open(Settings())
    made = [
        record(
            n, decision_sha256=own, confidence=0.75, time_us=now - (n < 10) * 40 * 86_400_000_000
        )
        for n in range(80)
    ]
    write(storage, *made)
    for number, concluded in ((20, "alpha"), (21, "beta")):
        given = Feedback.now(made[number].prediction_id, key_id=None, concluded=concluded)
        storage.records.add_feedback(given)
    storage.close()


@pytest.mark.usefixtures("records")
def test_the_last_days_are_told(brainlens: Command, measured: Path) -> None:
    said = brainlens("monitor", "--bundle", measured)

    assert said.status == 0
    assert "70 records" in said.out
    assert "50.0% of 2" in said.out
    assert "Mind this: default (" in said.out
    assert "Confidences moved" in said.out
    assert "no reference of distances" in said.out


@pytest.mark.usefixtures("records")
def test_since_says_from_when(brainlens: Command, measured: Path) -> None:
    told = json.loads(brainlens("monitor", "--since", "60d", "--bundle", measured, "--json").out)

    assert told["n_records"] == 80
    (model,) = told["models"]
    assert model["drift"]["confidence"]["n_records"] == 80
    assert model["drift"]["confidence"]["at"] == 0.7
    assert model["drift"]["confidence"]["difference"] == -0.5
    assert model["reference"]["data"] == "Quadrants"


@pytest.mark.usefixtures("records")
def test_the_report_is_one_file(brainlens: Command, measured: Path, tmp_path: Path) -> None:
    out = tmp_path / "monitor.html"

    said = brainlens("monitor", "--bundle", measured, "--out", out)

    assert said.status == 0
    assert str(out) in said.err
    assert out.read_text().startswith("<!DOCTYPE html>")


@pytest.mark.usefixtures("records")
def test_other_bundles_than_those_that_answered(brainlens: Command) -> None:
    assert "bundle is not at hand" in brainlens("monitor").out


def test_the_bundles_of_the_service_are_the_default(
    brainlens: Command, records: None, measured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRAINLENS_BUNDLES", json.dumps({"mine": str(measured)}))

    assert "Confidences moved" in brainlens("monitor").out


def test_nothing_was_asked_yet(brainlens: Command, measured: Path) -> None:
    said = brainlens("monitor", "--bundle", measured)

    assert said.status == 0
    assert "There are no records" in said.out


def test_what_cannot_be_read(brainlens: Command) -> None:
    assert brainlens("monitor", "--since", "once").status == 2
    assert brainlens("monitor", "--bundle", "nowhere").status == 2
