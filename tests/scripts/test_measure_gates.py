import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from brainlens.bundle import load_bundle
from brainlens.datasets.manifest import Manifest, Row
from brainlens.evaluation.exact import clopper_pearson
from brainlens.pipeline.gates import give_gates

SCRIPT = Path(__file__).parents[2] / "scripts" / "measure_gates.py"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory, slice_png: Callable[..., bytes]) -> Manifest:
    """Slices of one bright quadrant, four a patient."""
    folder = tmp_path_factory.mktemp("slices")
    rows = []
    for split, n in (("train", 60), ("val", 120), ("test", 24)):
        for i in range(n):
            path = folder / f"{split}-{i}.png"
            path.write_bytes(slice_png(i % 3, seed=i + 1000 * n))
            label = ("alpha", "beta", "gamma")[i % 3]
            rows.append(Row(path, label, f"{split}-{i // 4}", split=split))
    manifest = Manifest(folder, tuple(rows))
    manifest.save(folder / "manifest.csv")
    return manifest


def test_each_set_is_counted_and_the_card_of_the_new_bundle_tells(
    slices: Manifest,
    tiny_bundle: Path,
    script: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    gated = give_gates(load_bundle(tiny_bundle), slices, tmp_path / "gated").bundle
    strange = tmp_path / "strange"
    strange.mkdir()
    Image.effect_noise((80, 80), 90).save(strange / "noise.png")
    Image.new("RGB", (80, 80), "red").save(strange / "red.png")
    (strange / "note.txt").write_text("no image")
    out, measured = tmp_path / "gates.json", tmp_path / "measured"
    arguments = [gated.path, slices.root / "manifest.csv", "--images", strange, "--out", out]
    arguments += ["--bundle-out", measured]
    monkeypatch.setattr(sys, "argv", ["measure_gates.py", *map(str, arguments)])
    script["main"]()

    found = json.loads(out.read_text())
    assert found["decision_sha256"] == gated.info.decision_sha256
    sets = {one["name"]: one for one in found["sets"]}
    unseen = sets["unseen patients (test)"]
    assert (unseen["n_images"], unseen["n_patients"]) == (24, 6)
    assert unseen["let_through"] >= 20
    trials = 6 * unseen["answered"] / 24
    assert unseen["answered_interval"] == pytest.approx(clopper_pearson(trials, 6))
    assert sets["strange"]["n_images"] == 2
    assert sets["strange"]["answered"] == 0
    assert sets["strange"]["reasons"]["not_brain_mr"] >= 1
    assert sets["drawn heads without a lesion"]["n_images"] > 0
    said = capsys.readouterr().out
    assert "| strange | 2 | – | 0 (0.0 %, 0.0–84.2) |" in said
    card = load_bundle(measured).read("README.md").decode()
    assert "| strange | 2 | – |" in card
    assert load_bundle(measured).info.decision_sha256 == gated.info.decision_sha256
