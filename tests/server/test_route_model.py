from pathlib import Path

from brainlens.bundle.load import load_bundle
from brainlens.bundle.schema import CARD, NOTICE
from brainlens.words import DISCLAIMER, INTENDED_INPUT

from ..live_service import Live, Run


def test_model_says_what_its_bundle_says(live: Live, tiny_bundle: Path) -> None:
    bundle = load_bundle(tiny_bundle)

    told = live.get("/models/tiny").json()

    assert told["name"] == "tiny"
    assert told["version"] == bundle.info.version
    assert told["decision_sha256"] == bundle.info.decision_sha256
    assert told["card"] == bundle.read(CARD).decode()
    assert told["notice"] == bundle.read(NOTICE).decode()
    assert told["training"]["data_attribution"] == "drawn by the tests"
    assert told["cautions"][0].startswith("SYNTHETIC")
    assert told["intended_input"] == INTENDED_INPUT
    assert told["disclaimer"] == DISCLAIMER
    assert told["threshold"] == 0.7
    assert told["curves"] == []
    # Hashes of training images could tell whose images they were.
    assert "seen" not in told


def test_threshold_is_the_service_s(run_service: Run) -> None:
    with run_service(threshold=0.9) as live:
        told = live.get("/models/tiny").json()

    assert told["threshold"] == 0.9
    assert told["thresholds"]["confidence"] == 0.7


def test_unknown_model_is_not_found(live: Live) -> None:
    response = live.get("/models/other")

    assert response.status_code == 404
    assert response.json()["type"] == "urn:brainlens:problem:not-found"
    assert "tiny" in response.json()["hint"]


def test_impossible_name_is_refused(live: Live) -> None:
    response = live.get("/models/..%2Fsecret")

    assert response.status_code in {404, 422}
    assert live.get("/models/UPPER").status_code == 422
