import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from brainlens.bundle import Bundle, BundleInfo, load_bundle, write_bundle
from brainlens.bundle.schema import GRAPH, WEIGHTS
from brainlens.errors import BundleInvalid
from brainlens.inference.engine import Engine

Write = Callable[[bytes], Bundle]


@pytest.fixture(scope="module")
def engine(tiny_bundle: Path) -> Engine:
    return Engine(load_bundle(tiny_bundle), threads=1)


@pytest.fixture
def with_graph(tmp_path: Path, tiny_info: BundleInfo) -> Write:
    def write(graph: bytes) -> Bundle:
        write_bundle(tmp_path / "b", tiny_info, {GRAPH: graph, WEIGHTS: b""})
        return load_bundle(tmp_path / "b")

    return write


def _batch(n: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).random((n, 1, 32, 32), dtype=np.float32)


def _logits(batch: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what the quadrant network gives, computed apart from it."""
    quadrants: NDArray[np.float32] = batch.reshape(-1, 2, 16, 2, 16).mean(axis=(2, 4))
    return 8 * quadrants.reshape(-1, 4)[:, :3]


def test_the_network_is_run(engine: Engine) -> None:
    batch = _batch(5)
    results = engine.run(batch, ("logits", "embedding", "heatmaps"))
    assert {name: array.shape for name, array in results.items()} == {
        "logits": (5, 3),
        "embedding": (5, 4),
        "heatmaps": (5, 3, 2, 2),
    }
    np.testing.assert_allclose(results["logits"], _logits(batch), atol=1e-5)
    # Pooling by the mean: each logit is the sum of its heat map.
    np.testing.assert_allclose(results["heatmaps"].sum(axis=(2, 3)), results["logits"], atol=1e-5)


def test_only_what_is_asked_for_comes_back(engine: Engine) -> None:
    assert list(engine.run(_batch(1))) == ["logits"]
    assert list(engine.run(_batch(1), ("heatmaps",))) == ["heatmaps"]


def test_many_threads_get_their_own_answers(engine: Engine) -> None:
    batches = [_batch(1, seed) for seed in range(40)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(engine.run, batches))
    for batch, result in zip(batches, results, strict=True):
        np.testing.assert_allclose(result["logits"], _logits(batch), atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"threads": 2}, {"threads": 2, "spinning": True}])
def test_threads_do_not_change_answers(tiny_bundle: Path, options: dict[str, int]) -> None:
    engine = Engine(load_bundle(tiny_bundle), **options)  # type: ignore[arg-type] # a bool is an int
    np.testing.assert_allclose(engine.run(_batch(3))["logits"], _logits(_batch(3)), atol=1e-5)


def test_the_graph_is_not_read_from_disk_again(
    with_graph: Write, tiny_files: dict[str, bytes]
) -> None:
    bundle = with_graph(tiny_files[GRAPH])
    (bundle.path / GRAPH).write_bytes(b"changed after it was verified")
    assert Engine(bundle, threads=1).run(_batch(1))["logits"].shape == (1, 3)


@pytest.mark.parametrize(
    "batch",
    [
        _batch(1).astype(np.float64),
        _batch(1)[0],
        _batch(1)[:0],
        np.zeros((1, 3, 32, 32), np.float32),
        np.zeros((1, 1, 32, 64), np.float32),
        np.zeros((1, 1, 64, 64), np.float32),
    ],
    ids=lambda batch: f"{batch.dtype} {batch.shape}",
)
def test_a_batch_of_another_shape_is_refused(engine: Engine, batch: NDArray[np.float32]) -> None:
    with pytest.raises(ValueError, match="a batch is float32"):
        engine.run(batch)


def test_an_output_that_is_not_there_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="no output lesion_map"):
        engine.run(_batch(1), ("logits", "lesion_map"))


def test_numbers_that_are_not_finite_are_not_handed_on(engine: Engine) -> None:
    with pytest.raises(BundleInvalid, match="logits are not all finite"):
        engine.run(np.full((1, 1, 32, 32), np.finfo(np.float32).max))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"n_classes": 2}, "logits .* does not fit 3 classes"),
        ({"n_classes": 4}, "logits .* does not fit 3 classes"),
        ({"size": 64}, r"the preprocess gives float \[N, 1, 32, 32\]"),
        ({"batch": 1}, r"the preprocess gives float \[N, 1, 32, 32\]"),
        ({"input_name": "pixels"}, r"takes \['pixels'\], not \['image'\]"),
        ({"outputs": ("logits", "embedding")}, "no output heatmaps"),
        ({"outputs": ("embedding", "heatmaps")}, "no output logits"),
    ],
)
def test_a_graph_that_does_not_fit_is_refused(
    with_graph: Write, quadrant_graph: Callable[..., bytes], change: dict[str, object], says: str
) -> None:
    with pytest.raises(BundleInvalid, match=says):
        Engine(with_graph(quadrant_graph(**change)))


def test_a_graph_for_any_size_fits(with_graph: Write, quadrant_graph: Callable[..., bytes]) -> None:
    engine = Engine(with_graph(quadrant_graph(size="side")), threads=1)
    np.testing.assert_allclose(engine.run(_batch(2))["logits"], _logits(_batch(2)), atol=1e-5)


def test_an_unknown_output_is_refused(
    with_graph: Write, quadrant_graph: Callable[..., bytes]
) -> None:
    model = onnx.load_from_string(quadrant_graph())
    model.graph.output.append(
        helper.make_tensor_value_info("parts", TensorProto.FLOAT, ["N", 3, 2, 2])
    )
    with pytest.raises(BundleInvalid, match="unknown output parts"):
        Engine(with_graph(model.SerializeToString()))


def test_a_network_that_fails_on_a_batch_is_told(
    with_graph: Write, quadrant_graph: Callable[..., bytes]
) -> None:
    # Pools of 32 do not fit into the 16 pixels that a first pooling leaves; a symbolic size hides
    # that from the check of the graph.
    model = onnx.load_from_string(quadrant_graph(size="side"))
    pool = model.graph.node[0]
    pool.input[0] = "smaller"
    first = helper.make_node("MaxPool", ["image"], ["smaller"], kernel_shape=[2, 2], strides=[4, 4])
    model.graph.node.insert(0, first)
    engine = Engine(with_graph(model.SerializeToString()), threads=1)
    with pytest.raises(BundleInvalid, match="The network failed"):
        engine.run(_batch(1))


@pytest.mark.parametrize("graph", [b"", b"not a graph", bytes(1000)])
def test_what_is_no_graph_is_refused(with_graph: Write, graph: bytes) -> None:
    with pytest.raises(BundleInvalid, match=r"model\.onnx cannot be run"):
        Engine(with_graph(graph))


@pytest.mark.parametrize(
    "place", ["secret.bin", "./secret.bin", "../{folder}/secret.bin", "{whole}"]
)
def test_a_graph_whose_weights_lie_elsewhere_is_refused(
    with_graph: Write,
    quadrant_graph: Callable[..., bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    model = onnx.load_from_string(quadrant_graph())
    (tmp_path / "secret.bin").write_bytes(bytes(3 * 4 * 4))
    weights = model.graph.initializer[0]
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    entry = weights.external_data.add()
    entry.key, entry.value = (
        "location",
        place.format(folder=tmp_path.name, whole=tmp_path / "secret.bin"),
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BundleInvalid, match=r"model\.onnx cannot be run"):
        Engine(with_graph(model.SerializeToString()))


def test_the_runtime_tells_nobody_what_it_runs(tiny_bundle: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from brainlens.bundle import load_bundle;"
        "from brainlens.inference.engine import Engine; Engine(load_bundle(sys.argv[1]))"
    )
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("ORT_", "XDG_", "COV"))}

    subprocess.run(
        [sys.executable, "-c", program, str(tiny_bundle)],
        env={**inherited, "HOME": str(tmp_path)},
        check=True,
    )

    # Its telemetry begins by keeping an identifier of the machine in the home folder.
    assert list(tmp_path.iterdir()) == []
