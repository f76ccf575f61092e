import json
from pathlib import Path

from brainlens.bundle import load_bundle

from .conftest import Command


def test_versions_and_shipped_bundles(brainlens: Command) -> None:
    said = brainlens("info")
    assert said.status == 0
    assert "onnxruntime" in said.out
    assert "Shipped bundles" in said.out
    content = json.loads(brainlens("info", "--json").out)
    assert content["versions"]["brainlens"]
    assert set(content) == {"versions", "bundles"}


def test_what_a_bundle_holds(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path, tmp_path: Path
) -> None:
    measured = tmp_path / "measured"
    brainlens("evaluate", tiny_bundle, "--data", tiny_set, "--bundle-out", measured)
    info = load_bundle(measured).info
    said = brainlens("info", measured)
    assert said.status == 0
    assert said.out.startswith("SYNTHETIC")
    for text in ("tiny 0.0.1", "alpha (folder_alpha)", info.decision_sha256, "0.8000"):
        assert text in said.out
    assert json.loads(brainlens("info", measured, "--json").out)["name"] == "tiny"


def test_a_bundle_that_is_none(brainlens: Command, tmp_path: Path) -> None:
    said = brainlens("info", tmp_path)
    assert said.status == 2
    assert "bundle" in said.error
