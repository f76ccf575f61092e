"""Heat maps and embedding, added to a graph that has neither.

Heat map of class c at a position: what the features there add to logit c, the positive part of
Σₖ (∂logit_c/∂A_k · A_k) (HiResCAM, Draelos and Carin 2020). Where logits are a linear layer on the
mean of the features, that is one convolution. Elsewhere it is the derivative of the logit along the
features of that one position, which needs no gradient: they are made weaker by a small share, the
head is run again, and the loss of the logit is divided by the share.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from brainlens.pipeline.foreign.features import FeatureMap
from brainlens.pipeline.foreign.head import LinearHead

STEP: Final = 1 / 16
"""By how much the features of a position are made weaker: small beside what bends a head, large
beside what single precision rounds."""


@dataclass
class Added:
    """Nodes and constants to add to a graph.

    Attributes
    ----------
    prefix
        What all their names begin with.
    """

    prefix: str
    nodes: list[NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)

    def node(self, op: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        name = self.prefix + output
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Add a constant and return its name."""
        self.constants.append(numpy_helper.from_array(values, self.prefix + name))
        return self.prefix + name

    def shape(self, name: str, sizes: Sequence[int]) -> str:
        """Add a target of Reshape: 0 copies, -1 takes the rest."""
        return self.constant(name, np.asarray(sizes, dtype=np.int64))


def pooled(added: Added, features: FeatureMap) -> str:
    """Add the mean of the features over their places; return the name of [N, K]."""
    values = _channels_first(added, features)
    mean = added.node("GlobalAveragePool", [values], "mean")
    return added.node("Flatten", [mean], "pooled", axis=1)


def by_convolution(added: Added, features: FeatureMap, head: LinearHead) -> str:
    """Add the heat maps of a linear head; return the name of [N, C, h, w]."""
    kernel = (head.weights / features.positions).astype(np.float32)[:, :, None, None]
    values = _channels_first(added, features)
    parts = added.node("Conv", [values, added.constant("kernel", kernel)], "parts")
    return added.node("Relu", [parts], "maps")


def by_steps(added: Added, features: FeatureMap, logits: str, n_classes: int) -> str:
    """Add the heat maps of any head; return the name of [N, C, h, w].

    The head is repeated, once for each position; its copy has the added nodes' prefix.
    """
    shape = list(features.values.shape[1:])
    positions, side = features.positions, features.side
    weaker = (1 - STEP * np.eye(positions)).astype(np.float32)
    places = [1, side, side] if features.layout == "NCHW" else [side, side, 1]
    factors = added.constant("factors", weaker.reshape(1, positions, *places))
    name = features.cut.name
    apart = added.node("Reshape", [name, added.shape("apart/to", [0, 1, *shape])], "apart")
    every = added.node("Mul", [apart, factors], "every")
    moved = added.node("Reshape", [every, added.shape("moved/to", [-1, *shape])], "moved")
    again = _repeat(added, features, moved, logits)
    rows = [-1, positions, n_classes]
    lower = added.node("Reshape", [again, added.shape("lower/to", rows)], "lower")
    whole = added.node("Reshape", [logits, added.shape("whole/to", [0, 1, n_classes])], "whole")
    loss = added.node("Sub", [whole, lower], "loss")
    slope = added.node(
        "Mul", [loss, added.constant("a_step", np.asarray([1 / STEP], dtype=np.float32))], "slope"
    )
    first = added.node("Transpose", [slope], "first", perm=[0, 2, 1])
    grid = added.shape("grid/to", [0, n_classes, side, side])
    parts = added.node("Reshape", [first, grid], "parts")
    return added.node("Relu", [parts], "maps")


def _repeat(added: Added, features: FeatureMap, moved: str, logits: str) -> str:
    """Add a copy of the head that starts from other features; return its logits' name."""
    renamed = {features.cut.name: moved}
    for node in features.cut.tail:
        renamed |= {name: f"{added.prefix}again/{name}" for name in node.output if name}
        copy = NodeProto()
        copy.CopyFrom(node)
        copy.name = f"{added.prefix}again/{node.name or node.output[0]}"
        copy.input[:] = [renamed.get(name, name) for name in node.input]
        copy.output[:] = [renamed.get(name, name) for name in node.output]
        added.nodes.append(copy)
    return renamed[logits]


def _channels_first(added: Added, features: FeatureMap) -> str:
    name = features.cut.name
    if features.values.dtype != np.float32:
        name = added.node("Cast", [name], f"float/{len(added.nodes)}", to=TensorProto.FLOAT)
    if features.layout == "NHWC":
        name = added.node("Transpose", [name], f"nchw/{len(added.nodes)}", perm=[0, 3, 1, 2])
    return name
