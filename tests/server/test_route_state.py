from pathlib import Path

from brainlens import __version__
from brainlens.bundle.load import load_bundle
from brainlens.words import DISCLAIMER

from ..live_service import Live, Run


def test_state_says_what_answers(live: Live, tiny_bundle: Path) -> None:
    info = load_bundle(tiny_bundle).info

    state = live.get("/").json()

    assert state["status"] == "ok"
    assert state["version"] == __version__
    assert state["disclaimer"] == DISCLAIMER
    (model,) = state["models"]
    assert model["name"] == "tiny"
    assert model["version"] == info.version
    assert model["decision_sha256"] == info.decision_sha256
    assert model["threshold"] == 0.7
    assert model["synthetic"] is True
    assert model["knows_seen"] is True
    assert model["default"] is True
    assert [c["id"] for c in model["classes"]] == ["alpha", "beta", "gamma"]
    assert model["classes"][0]["display_name"]["fr"] == "Alpha (fr)"
    assert model["classes"][0]["aliases"] == ["folder_alpha"]


def test_uptime_grows(live: Live) -> None:
    first = live.get("/").json()["uptime_s"]
    assert live.get("/").json()["uptime_s"] >= first >= 0


def test_state_says_the_raised_threshold_and_the_chosen_default(
    run_service: Run, tiny_bundle: Path
) -> None:
    paths = {"one": tiny_bundle, "two": tiny_bundle}
    with run_service(bundles=paths, default_model="two", threshold=0.8) as live:
        models = live.get("/").json()["models"]

    assert [(m["name"], m["default"], m["threshold"]) for m in models] == [
        ("one", False, 0.8),
        ("two", True, 0.8),
    ]


def test_health(live: Live) -> None:
    assert live.get("/livez").json() == {"status": "ok"}
    assert live.get("/readyz").json() == {"status": "ok"}
