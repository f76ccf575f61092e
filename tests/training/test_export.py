import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load as load_tensors
from torch import Tensor

from brainlens.bundle.load import Bundle
from brainlens.bundle.revise import revise
from brainlens.bundle.schema import GRAPH, WEIGHTS, Metric
from brainlens.bundle.write import write_bundle
from brainlens.datasets.manifest import Manifest
from brainlens.errors import BundleInvalid, BundleNotFound, CheckFailed, RunError, UsageError
from brainlens.imaging import quantise, read
from brainlens.imaging.perceptual_hash import MAX_DISTANCE, perceptual_hash, to_hex
from brainlens.networks import Network, create_network
from brainlens.training import graph as graph_module
from brainlens.training.config import TrainConfig
from brainlens.training.export import export
from brainlens.training.graph import weights_of
from brainlens.training.record import read_run
from brainlens.training.run import train

SIZE = 32


@pytest.fixture(scope="session")
def learned_run(
    make_config: Callable[..., TrainConfig], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run whose weights moved far enough from where they began that rounding them matters."""
    config = make_config(epochs=8, learning_rate=2e-2, best="val_loss")
    return train(config, tmp_path_factory.mktemp("learned") / "run", progress=False)


@pytest.fixture(scope="session")
def bundle(learned_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    out = tmp_path_factory.mktemp("exported") / "full"
    return export(learned_run, out, name="discs", version="1.2.3")


@pytest.fixture(scope="session")
def half_bundle(learned_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    out = tmp_path_factory.mktemp("exported") / "half"
    return export(learned_run, out, name="discs", version="1.2.3", half=True)


@pytest.fixture
def images() -> Tensor:
    # More slices than the exporter's example had: the batch must be free.
    return torch.rand(7, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(4))


def _network(bundle: Bundle) -> Network:
    info = bundle.info
    network = create_network(info.network.name, len(info.classes), **info.network.options)
    half = bundle.info.half_precision
    state = weights_of(bundle.read(GRAPH)) if half else load_tensors(bundle.read(WEIGHTS))
    unfit = network.load_state_dict({key: v.float() for key, v in state.items()}, strict=False)
    assert all(key.endswith("num_batches_tracked") for key in unfit.missing_keys)
    assert not unfit.unexpected_keys
    return network.eval()


def _run(bundle: Bundle, images: Tensor) -> dict[str, NDArray[np.float32]]:
    session = ort.InferenceSession(bundle.read(GRAPH), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"image": images.numpy()}), strict=True))


def _autograd_maps(network: Network, images: Tensor) -> NDArray[np.float32]:
    maps = []
    for c in range(3):
        outputs = network(images)
        (gradient,) = torch.autograd.grad(outputs.logits[:, c].sum(), outputs.features)
        maps.append(torch.relu((gradient * outputs.features).sum(dim=1)).detach())
    return torch.stack(maps, dim=1).numpy()


@pytest.mark.parametrize("which", ["bundle", "half_bundle"])
def test_the_graph_equals_the_network_that_ships_beside_it(
    which: str, images: Tensor, request: pytest.FixtureRequest
) -> None:
    bundle = request.getfixturevalue(which)
    network = _network(bundle)
    found = _run(bundle, images)
    with torch.no_grad():
        outputs = network(images)
    assert list(found) == ["logits", "embedding", "heatmaps", "feature_statistics"]
    assert np.ptp(found["logits"]) > 0.1  # else the comparison says nothing
    np.testing.assert_allclose(found["logits"], outputs.logits, atol=1e-4, rtol=0)
    np.testing.assert_allclose(found["embedding"], outputs.embedding, atol=1e-4, rtol=0)
    np.testing.assert_allclose(
        found["heatmaps"], _autograd_maps(network, images), atol=1e-4, rtol=0
    )
    assert found["heatmaps"].max() > 0.01


def test_half_precision_is_smaller_and_differs_by_rounding_only(
    bundle: Bundle, half_bundle: Bundle, images: Tensor
) -> None:
    assert half_bundle.info.half_precision
    assert not bundle.info.half_precision
    assert WEIGHTS not in half_bundle.names
    kinds = {key: value.dtype for key, value in weights_of(half_bundle.read(GRAPH)).items()}
    assert kinds["blocks.1.0.weight"] == kinds["classifier.weight"] == torch.float16
    # Small variances would lose their digits.
    assert kinds["blocks.1.1.running_var"] == kinds["classifier.bias"] == torch.float32
    stored = onnx.load_from_string(half_bundle.read(GRAPH)).graph.initializer
    halves = {tuple(i.dims) for i in stored if i.data_type == onnx.TensorProto.FLOAT16}
    assert {(4, 1, 3, 3), (8, 4, 3, 3), (16, 8, 3, 3), (3, 8)} <= halves
    full, rounded = _run(bundle, images), _run(half_bundle, images)
    difference = np.abs(full["logits"] - rounded["logits"]).max()
    assert 0 < difference < 0.02


def test_half_a_bundle_is_exported_again_from_its_graph(
    half_bundle: Bundle, images: Tensor, tmp_path: Path
) -> None:
    whole = export(half_bundle.path, tmp_path / "whole", name="whole", version="2.0")
    assert WEIGHTS in whole.names
    again = export(whole.path, tmp_path / "half", name="half", version="3.0", half=True)
    assert again.read(GRAPH) == half_bundle.read(GRAPH)
    found, before = _run(whole, images), _run(half_bundle, images)
    np.testing.assert_allclose(found["logits"], before["logits"], atol=1e-4, rtol=0)


def test_the_bundle_says_where_it_comes_from(bundle: Bundle, learned_run: Path) -> None:
    record, info = read_run(learned_run), bundle.info
    assert (info.name, info.version) == ("discs", "1.2.3")
    assert [c.id for c in info.classes] == ["small", "large", "ring"]
    assert info.preprocess == record.config.preprocess
    assert info.network.options == {"channels": [4, 8, 8, 8, 16], "hidden": 8, "dropout": 0.5}
    training = info.training
    assert training.data_title == "Discs"
    assert training.data_licence == "CC0-1.0"
    assert training.data_sha256 == record.data.data_sha256
    assert training.synthetic
    assert training.n_slices == record.data.n_train
    assert training.split_check == "clean"
    assert (training.preset, training.seed, training.protocol) == ("default", 0, "given")
    assert training.epochs in range(1, 9)
    assert info.temperature == 1.0
    assert info.metrics == ()


def test_seen_holds_the_training_slices_and_no_others(bundle: Bundle, learned_run: Path) -> None:
    def hashes(split: str) -> set[str]:
        rows = Manifest.load(learned_run / "manifest.csv").select(split=split).rows
        spec = bundle.info.preprocess
        return {to_hex(perceptual_hash(quantise(read(row.path), spec))) for row in rows}

    assert bundle.info.seen is not None
    assert bundle.info.seen.max_distance == MAX_DISTANCE
    assert set(bundle.info.seen.hashes) == hashes("train")
    assert not set(bundle.info.seen.hashes) & hashes("test")


def test_the_graph_tells_nothing_of_the_machine_it_was_made_on(bundle: Bundle) -> None:
    model = onnx.load_from_string(bundle.read(GRAPH))
    text = bundle.read(GRAPH)
    for trace in (b"site-packages", b".py", b"stack_trace", str(Path(__file__).parent).encode()):
        assert trace not in text
    assert model.opset_import[0].version >= 18
    assert not any(i.external_data for i in model.graph.initializer)


def test_a_bundle_is_exported_again_without_training(
    bundle: Bundle, images: Tensor, tmp_path: Path
) -> None:
    figure = Metric(name="accuracy", value=0.5, split="test", protocol="given", n_slices=12)
    known = revise(bundle, tmp_path / "known", temperature=1.5, metrics=(figure,))
    again = export(known.path, tmp_path / "again", name="renamed", version="2.0")
    assert again.read(WEIGHTS) == bundle.read(WEIGHTS)
    found, before = _run(again, images), _run(bundle, images)
    np.testing.assert_allclose(found["logits"], before["logits"], atol=1e-5)
    info = again.info
    assert (info.name, info.version, info.temperature) == ("renamed", "2.0", 1.5)
    assert info.seen == bundle.info.seen
    # Measured on another file.
    assert info.metrics == ()
    with pytest.raises(UsageError, match="never overwritten"):
        export(known.path, tmp_path / "again", name="renamed", version="2.0")


def test_the_last_checkpoint_without_hashes_on_request(
    bundle: Bundle, learned_run: Path, tmp_path: Path
) -> None:
    options = {"name": "discs", "version": "1"}
    last = export(learned_run, tmp_path / "last", checkpoint="last", seen=False, **options)  # type: ignore[arg-type]  # strings, for name and version
    assert last.info.seen is None
    assert last.info.training.epochs == 8


def test_a_graph_that_differs_is_not_shipped(
    learned_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No difference is small enough for a negative tolerance: the check must see the outputs.
    monkeypatch.setattr(graph_module, "TOLERANCE", -1.0)
    with pytest.raises(CheckFailed, match="logits"):
        export(learned_run, tmp_path / "out", name="discs", version="1")
    assert not (tmp_path / "out").exists()


def test_what_is_neither_run_nor_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleNotFound):
        export(tmp_path / "missing", tmp_path / "out", name="discs", version="1")
    (tmp_path / "folder").mkdir()
    with pytest.raises(BundleInvalid):
        export(tmp_path / "folder", tmp_path / "out", name="discs", version="1")


@pytest.mark.parametrize("weights", [b"not tensors", "of another network"])
def test_weights_that_do_not_fit_are_refused(
    weights: bytes | str, bundle: Bundle, tiny_files: dict[str, bytes], tmp_path: Path
) -> None:
    content = weights if isinstance(weights, bytes) else tiny_files[WEIGHTS]
    wrong = tmp_path / "wrong"
    write_bundle(wrong, bundle.info, {GRAPH: bundle.read(GRAPH), WEIGHTS: content})
    with pytest.raises(BundleInvalid, match="weights"):
        export(wrong, tmp_path / "out", name="discs", version="1")


def test_a_run_without_a_finished_epoch_is_refused(learned_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(learned_run, run)
    (run / "checkpoints" / "best.ckpt").unlink()
    with pytest.raises(RunError, match="no checkpoint"):
        export(run, tmp_path / "out", name="discs", version="1")
