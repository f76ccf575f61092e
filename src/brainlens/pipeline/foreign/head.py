"""What comes after the features: a linear layer on their mean, or something else."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, ValueInfoProto, helper

from brainlens.pipeline.foreign.cuts import pruned
from brainlens.pipeline.foreign.features import FeatureMap
from brainlens.pipeline.foreign.read import open_session

_AT_A_TIME: Final = 64
_PROBE: Final = 4.0
"""How strongly one channel is set to find its weights."""
_TOLERANCE: Final[dict[str, float]] = {"float32": 1e-4, "float16": 2e-2}
"""By type: how far a linear layer may be off what the graph says, as a share of the largest."""
_ONNX: Final = {
    "float32": TensorProto.FLOAT,
    "float16": TensorProto.FLOAT16,
}

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LinearHead:
    """Logits are ``weights @ mean of the features + bias``.

    Attributes
    ----------
    weights
        [C, K].
    bias
        [C].
    """

    weights: Floats
    bias: Floats


def find_linear_head(
    model: ModelProto, target: str, features: FeatureMap, n_classes: int
) -> LinearHead | None:
    """Return the linear layer on the mean of the features, or None where there is another head.

    Found by what the head does, not by how it is written: each channel is set alone to see what it
    adds to the logits, and the layer so found must then repeat what the head says about features
    of real images, also with their places mixed up, and about noise.
    """
    ask = _Head(model, target, features)
    bias = ask(np.zeros((1, features.channels)))[0]
    eye = np.eye(features.channels) * _PROBE
    weights = np.concatenate(
        [ask(eye[start : start + _AT_A_TIME]) for start in range(0, len(eye), _AT_A_TIME)]
    )
    weights = ((weights - bias) / _PROBE).T
    if weights.shape != (n_classes, features.channels) or not np.isfinite(weights).all():
        return None
    head = LinearHead(weights, bias)
    axes = (2, 3) if features.layout == "NCHW" else (1, 2)
    for values in _trials(features):
        told = ask.maps(values)
        linear = values.astype(np.float64).mean(axis=axes) @ weights.T + bias
        if np.abs(told - linear).max() > ask.tolerance * (1 + np.abs(told).max()):
            return None
    return head


def _trials(features: FeatureMap) -> tuple[NDArray[Any], ...]:
    values = features.values
    rng = np.random.default_rng(0)
    axes = (2, 3) if features.layout == "NCHW" else (1, 2)
    mixed = values
    for axis in axes:
        mixed = rng.permuted(mixed, axis=axis)
    scale = float(np.abs(values).max()) or 1.0
    # Of both signs and well beyond what the test images reach: a ReLU is not taken for a line.
    noise = rng.normal(0, scale, values.shape).astype(values.dtype)
    return values, mixed, noise


class _Head:
    """Runs what comes after the features."""

    def __init__(self, model: ModelProto, target: str, features: FeatureMap) -> None:
        dtype = features.values.dtype.name
        self._features = features
        self._target = target
        self.tolerance = _TOLERANCE[dtype]
        tail = ModelProto()
        tail.CopyFrom(model)
        pruned_to_tail(tail, features.cut.name, target)
        del tail.graph.input[:]
        sizes: list[int | str] = ["N", *features.values.shape[1:]]
        tail.graph.input.append(
            helper.make_tensor_value_info(features.cut.name, _ONNX[dtype], sizes)
        )
        del tail.graph.output[:]
        tail.graph.output.append(ValueInfoProto(name=target))
        self._session = open_session(tail.SerializeToString())

    def __call__(self, channels: Floats) -> Floats:
        """Return the logits of maps that are the same everywhere, [N, K]."""
        side = self._features.side
        if self._features.layout == "NCHW":
            values = np.broadcast_to(channels[:, :, None, None], (*channels.shape, side, side))
        else:
            values = np.broadcast_to(
                channels[:, None, None, :], (len(channels), side, side, channels.shape[1])
            )
        return self.maps(np.ascontiguousarray(values.astype(self._features.values.dtype)))

    def maps(self, values: NDArray[Any]) -> Floats:
        """Return the logits of maps."""
        (found,) = self._session.run([self._target], {self._features.cut.name: values})
        return np.asarray(found, dtype=np.float64)


def pruned_to_tail(model: ModelProto, features: str, target: str) -> None:
    """Remove from a model what makes the features, and all that the target does not need."""
    for node in list(model.graph.node):
        if features in node.output:
            model.graph.node.remove(node)
    pruned(model, {target})
