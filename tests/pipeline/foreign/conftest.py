"""Small classifiers as people export them: from torch, and built as a converter of Keras would."""

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from brainlens.bundle.schema import BundleInfo
from brainlens.classes import ClassInfo
from brainlens.pipeline.foreign.choices import Choices
from brainlens.pipeline.foreign.from_onnx import FromOnnx, Origin, bundle_from_onnx

SIZE = 32
CLASSES = 3
ORIGIN = Origin("Slices of a hospital", "CC BY 4.0", "Taken by somebody.")


class ConvNet(nn.Module):
    """Two convolutions, the mean over places, and a linear layer."""

    def __init__(self, channels: int = 3, head: nn.Module | None = None) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, 8, 3, stride=2, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Conv2d(8, 12, 3, stride=4, padding=1),
            nn.ReLU(),
        )
        self.head = head or nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(12, CLASSES)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        logits: Tensor = self.head(self.body(x))
        return logits


class Perceptron(nn.Module):
    """A head that bends: the mean over places, a hidden layer, a last layer."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(12, 16)
        self.last = nn.Linear(16, CLASSES)

    def forward(self, features: Tensor) -> Tensor:
        """Return logits."""
        # view, so that the exporter has to compute a shape.
        pooled = features.mean((2, 3)).view(features.shape[0], -1)
        logits: Tensor = self.last(torch.relu(self.hidden(pooled)))
        return logits


class Patches(nn.Module):
    """Patches that attend to one another, and no map of features after them."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 8, stride=8)
        self.query, self.key, self.value = (nn.Linear(16, 16) for _ in range(3))
        self.last = nn.Linear(16, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        tokens = self.patch(x).flatten(2).transpose(1, 2)
        weights = (self.query(tokens) @ self.key(tokens).transpose(1, 2)).softmax(-1)
        logits: Tensor = self.last((weights @ self.value(tokens)).mean(1))
        return logits


class WithEmbedding(ConvNet):
    """Gives its pooled features too."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override] # two outputs
        """Return logits and embedding."""
        features = self.body(x)
        return self.head(features), 2 * features.mean((2, 3))


def seeded(make: Callable[[], nn.Module]) -> nn.Module:
    """Return a network with large weights, so that its answers differ from image to image."""
    torch.manual_seed(0)
    network = make().eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(2)
    return network


def exported(network: nn.Module, *, fixed: bool = False) -> bytes:
    """Return a network as torch's older exporter writes it: the newer one takes far longer."""
    example = torch.rand(1 if fixed else 2, 3, SIZE, SIZE)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (example,),
            buffer,  # type: ignore[arg-type]  # files are taken as well
            dynamo=False,
            input_names=["image"],
            dynamic_axes=None if fixed else {"image": {0: "batch"}},
        )
    return buffer.getvalue()


def keras_like(
    *, softmax: bool = True, dtype: type[np.floating[Any]] = np.float32, batch: int | str = "b"
) -> bytes:
    """Return what a converter makes of a Keras network: channels last, probabilities."""
    rng = np.random.default_rng(3)
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    weights = {
        "kernel": 0.4 * rng.normal(size=(10, 3, 3, 3)),
        "dense": rng.normal(size=(10, CLASSES)),
        "bias": rng.normal(size=CLASSES),
    }
    nodes = [
        helper.make_node("Transpose", ["x"], ["nchw"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["nchw", "kernel"], ["conv"], strides=[4, 4], pads=[1] * 4),
        helper.make_node("Relu", ["conv"], ["relu"]),
        helper.make_node("Transpose", ["relu"], ["nhwc"], perm=[0, 2, 3, 1]),
        helper.make_node("ReduceMean", ["nhwc"], ["pooled"], axes=[1, 2], keepdims=0),
        helper.make_node("MatMul", ["pooled", "dense"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["logits"]),
    ]
    if softmax:
        nodes.append(helper.make_node("Softmax", ["logits"], ["probabilities"]))
    graph = helper.make_graph(
        nodes,
        "keras",
        [helper.make_tensor_value_info("x", kind, [batch, SIZE, SIZE, 3])],
        [helper.make_tensor_value_info(nodes[-1].output[0], kind, [batch, CLASSES])],
        [numpy_helper.from_array(value.astype(dtype), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def double_pool(scale: float = 9.0) -> onnx.ModelProto:
    """Return the smallest network that can be made a bundle: means of quadrants, and weights."""
    weights = scale * np.random.default_rng(1).normal(size=(CLASSES, 4)).astype(np.float32)
    nodes = [
        helper.make_node("AveragePool", ["x"], ["grid"], kernel_shape=[16] * 2, strides=[16] * 2),
        helper.make_node("Flatten", ["grid"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights"], ["y"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "quadrants",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["b", 1, SIZE, SIZE])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["b", CLASSES])],
        [numpy_helper.from_array(weights, "weights")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


@pytest.fixture
def make(tmp_path: Path, tiny_info: BundleInfo) -> Callable[..., FromOnnx]:
    """Return ``make(model bytes, **choices)``, which makes a bundle in a folder of its own."""

    def _make(
        data: bytes, *, classes: tuple[ClassInfo, ...] | None = None, **said: Any
    ) -> FromOnnx:
        path = tmp_path / "model.onnx"
        path.write_bytes(data)
        return bundle_from_onnx(
            path,
            tmp_path / "bundle",
            name="foreign",
            version="1",
            classes=classes or tiny_info.classes,
            origin=ORIGIN,
            choices=Choices(**said),
        )

    return _make
