"""A tiny real bundle, made without torch, and images whose answers from it are known.

The network looks at the mean brightness of the four quadrants of a 32 x 32 image: the first three
speak for class 0, 1 and 2, the fourth for none.
"""

import io
import json
import logging
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from brainlens.bundle.schema import GRAPH, WEIGHTS, BundleInfo, Network, Seen, Training
from brainlens.bundle.write import write_bundle
from brainlens.classes import ClassInfo
from brainlens.imaging.spec import PreprocessSpec

# Read when transformers is imported: no test asks a hub.
os.environ["HF_HUB_OFFLINE"] = "1"

# A busy machine is slow, not wrong: no test fails for the time it took.
settings.register_profile("brainlens", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("brainlens")

TINY_SIZE = 32
TINY_CLASSES = ("alpha", "beta", "gamma")


@pytest.fixture(scope="session", autouse=True)
def _kept_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let no service of a test keep anything in the home folder of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BRAINLENS_DATA_DIR", str(tmp_path_factory.mktemp("kept")))
        yield


def _quadrant_weights(n_classes: int = 3) -> NDArray[np.float32]:
    """Return [n_classes, 4]: class c likes quadrant c."""
    return (8 * np.eye(n_classes, 4)).astype(np.float32)


def build_quadrant_graph(
    *,
    n_classes: int = 3,
    size: int | str = TINY_SIZE,
    batch: int | str = "N",
    outputs: tuple[str, ...] = ("logits", "embedding", "heatmaps"),
    input_name: str = "image",
) -> bytes:
    """Return the ONNX bytes of the quadrant network."""
    weights = _quadrant_weights(n_classes)
    pooled = (size if isinstance(size, int) else TINY_SIZE) // 2
    nodes = [
        helper.make_node(
            "AveragePool",
            [input_name],
            ["quadrants"],
            kernel_shape=[pooled] * 2,
            strides=[pooled] * 2,
        ),
        helper.make_node("Flatten", ["quadrants"], ["embedding"]),
        helper.make_node("Gemm", ["embedding", "weights"], ["logits"], transB=1),
        helper.make_node("Mul", ["quadrants", "weights_map"], ["parts"]),
        helper.make_node("Relu", ["parts"], ["heatmaps"]),
    ]
    shapes: dict[str, list[int | str]] = {
        "logits": [batch, n_classes],
        "embedding": [batch, 4],
        "heatmaps": [batch, n_classes, 2, 2],
    }
    graph = helper.make_graph(
        nodes,
        "quadrants",
        [helper.make_tensor_value_info(input_name, TensorProto.FLOAT, [batch, 1, size, size])],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, shapes[n]) for n in outputs],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(weights.reshape(1, n_classes, 2, 2), "weights_map"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _safetensors(name: str, array: NDArray[np.float32]) -> bytes:
    """Return a safetensors file of one tensor."""
    data = array.astype("<f4").tobytes()
    description = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [0, len(data)]}
    header = json.dumps({name: description}).encode()
    return struct.pack("<Q", len(header)) + header + data


def _png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _quadrants(levels: tuple[int, int, int, int], side: int, seed: int) -> NDArray[np.uint8]:
    """Return a [side, side] image of four grey quadrants with a little texture."""
    texture = np.random.default_rng(seed).integers(-20, 21, (side, side))
    half = np.arange(side) * 2 // side
    grid = np.asarray(levels).reshape(2, 2)[half[:, np.newaxis], half]
    return np.clip(grid + texture, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def slice_png() -> Callable[..., bytes]:
    """Return ``make(class_index, side=64, seed=0) -> PNG bytes`` that tiny bundle is sure of."""

    def make(class_index: int, side: int = 64, seed: int = 0) -> bytes:
        levels = [0, 0, 0, 0]
        levels[class_index] = 230
        return _png(_quadrants((levels[0], levels[1], levels[2], levels[3]), side, seed))

    return make


@pytest.fixture(scope="session")
def ambiguous_png() -> bytes:
    """Return a PNG on which the tiny bundle abstains: all quadrants alike."""
    return _png(_quadrants((128, 128, 128, 128), 64, seed=1))


@pytest.fixture(scope="session")
def seen_png() -> bytes:
    """Return a PNG (of class 1) whose perceptual hash the tiny bundle holds."""
    return _png(_quadrants((40, 230, 0, 90), 64, seed=2))


@pytest.fixture(scope="session")
def quadrant_graph() -> Callable[..., bytes]:
    """Return the maker of the tiny bundle's graph, for graphs that break the contract."""
    return build_quadrant_graph


@pytest.fixture(scope="session")
def tiny_files() -> dict[str, bytes]:
    """Return graph and weights of the tiny bundle."""
    return {
        GRAPH: build_quadrant_graph(),
        WEIGHTS: _safetensors("weights", _quadrant_weights()),
    }


@pytest.fixture(scope="session")
def tiny_info() -> BundleInfo:
    """Return the tiny bundle's description, hashes and seen images not yet filled in."""
    return BundleInfo(
        name="tiny",
        version="0.0.1",
        classes=tuple(
            ClassInfo(
                id=class_id,
                display_name={"en": class_id.title(), "fr": f"{class_id.title()} (fr)"},
                aliases=(f"folder_{class_id}",),
            )
            for class_id in TINY_CLASSES
        ),
        network=Network(name="quadrants"),
        preprocess=PreprocessSpec(intensity="full_range", size=TINY_SIZE),
        training=Training(
            data_title="Quadrants",
            data_licence="CC0-1.0",
            data_attribution="drawn by the tests",
            data_sha256="0" * 64,
            synthetic=True,
            n_slices=1,
            split_check="clean",
            protocol="given",
            seed=0,
            preset="none",
            epochs=0,
        ),
    )


def _hash_of(png: bytes, spec: PreprocessSpec) -> str:
    from brainlens.imaging import read
    from brainlens.imaging.perceptual_hash import perceptual_hash, to_hex
    from brainlens.imaging.preprocess import quantise

    return to_hex(perceptual_hash(quantise(read(png), spec)))


@pytest.fixture(scope="session")
def tiny_bundle(
    tmp_path_factory: pytest.TempPathFactory,
    tiny_info: BundleInfo,
    tiny_files: dict[str, bytes],
    seen_png: bytes,
) -> Path:
    """Return the folder of the tiny bundle; do not write into it."""
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    seen = Seen(max_distance=2, hashes=(_hash_of(seen_png, tiny_info.preprocess),))
    write_bundle(folder, tiny_info.model_copy(update={"seen": seen}), tiny_files)
    return folder


@pytest.fixture(autouse=True)
def _loggers_as_before() -> Iterator[None]:
    """Undo what starting the service does to the loggers of this process."""
    names = ("brainlens.server", "uvicorn.error", "opentelemetry", "python_multipart")
    loggers = [logging.getLogger(name) for name in names]
    before = [(list(x.handlers), x.level, x.propagate) for x in loggers]
    yield
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
