"""One preprocess: whatever door an image comes in by, the network is shown the same array."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

from brainlens.bundle import find, load_bundle, revise
from brainlens.cli.app import app
from brainlens.datasets.cache import Cache
from brainlens.datasets.manifest import Manifest
from brainlens.datasets.phantom import PhantomSet, write_phantoms
from brainlens.evaluation.evaluate import evaluate
from brainlens.inference.engine import Engine
from brainlens.inference.predictor import Predictor
from brainlens.networks import create_network
from brainlens.server.settings import Settings
from brainlens.training.config import preset
from brainlens.training.module import Classifier
from brainlens.training.slices import CachedSlices

from .live_service import running

Shown = list[NDArray[np.float32]]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """Return a list that fills with every array a network of ONNX Runtime is shown."""
    arrays: Shown = []
    run = Engine.run

    def listening(
        self: Engine, batch: NDArray[np.float32], outputs: Sequence[str] = ("logits",)
    ) -> dict[str, NDArray[np.float32]]:
        arrays.append(batch.copy())
        return run(self, batch, outputs)

    monkeypatch.setattr(Engine, "run", listening)
    return arrays


def _training_input(manifest: Manifest, folder: Path) -> NDArray[np.float32]:
    config = preset("default", folder, preprocess=load_bundle(find("demo")).info.preprocess)
    cache = Cache.build(manifest, config.preprocess, folder / "cache")
    slices = CachedSlices(cache.images, [cache.index(row) for row in manifest.rows], [0])
    module = Classifier(create_network("simple_cnn", 3), config)
    return module.prepare(slices[0]).numpy()


def test_training_evaluation_service_and_predict_show_the_network_the_same(
    tmp_path: Path, shown: Shown
) -> None:
    whole = write_phantoms(tmp_path / "set", slices=33, seed=3, size=150)
    row = whole.select(split="test").rows[0]
    one = whole.with_rows([row])
    # Without gates, which are tried on a black slice whenever a bundle is loaded.
    bundle = revise(load_bundle(find("demo")), tmp_path / "demo", gates=())
    trained_on = _training_input(one, tmp_path)

    evaluate(bundle, one)
    Predictor(bundle).predict(row.path)
    Predictor(bundle).predict(row.path.read_bytes())
    said = CliRunner().invoke(
        app, ["predict", str(row.path), "--bundle", str(bundle.path), "--json"]
    )
    assert said.exit_code == 0
    assert len(shown) == 4
    with running(Settings(port=0, bundles={"demo": bundle.path})) as live:
        # A service tries its bundles on a picture of its own before it is ready.
        del shown[4:]
        assert live.post("/predict", files={"file": row.path.read_bytes()}).status_code == 200
        assert live.post("/predict", content=row.path.read_bytes()).status_code == 200

    assert len(shown) == 6
    for array in shown:
        np.testing.assert_array_equal(array, trained_on)


def _eight_bit_jpeg(pixels: NDArray[np.uint16]) -> bytes:
    """Return the slice as public sets hold it: scaled by its own extremes, then compressed."""
    low, high = int(pixels.min()), int(pixels.max())
    grey = np.round((pixels.astype(np.float64) - low) / (high - low) * 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "JPEG", quality=95)
    return file.getvalue()


def _sixteen_bit_png(pixels: NDArray[np.uint16]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("darker", [1, 20], ids=["whole range", "a scanner's range"])
def test_an_eight_bit_jpeg_and_its_sixteen_bit_original_get_the_same_answer(darker: int) -> None:
    predictor = Predictor(load_bundle(find("demo")))
    phantoms = PhantomSet(seed=11, size=256, bits=16)
    for index in range(12):
        pixels = np.asarray(phantoms.slice(index).image, np.uint16) // darker
        jpeg = predictor.predict(_eight_bit_jpeg(pixels))
        original = predictor.predict(_sixteen_bit_png(pixels))
        assert jpeg.predicted_class == original.predicted_class
        assert jpeg.probabilities is not None
        assert jpeg.probabilities == pytest.approx(original.probabilities, abs=0.05)
