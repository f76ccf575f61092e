"""Where a graph is narrow: tensors that everything the answer knows of the image goes through."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from onnx import ModelProto, NodeProto

_LAYERS = ("Conv", "Gemm", "MatMul", "Attention", "LSTM", "GRU", "RNN", "Einsum")


@dataclass(frozen=True, eq=False)
class Cut:
    """A narrow place.

    Attributes
    ----------
    name
        The tensor.
    tail
        The nodes that make the answer of it, in order.
    """

    name: str
    tail: tuple[NodeProto, ...]

    @property
    def layers(self) -> int:
        """How many layers with weights, or that mix places, the tail has."""
        return sum(any(part in node.op_type for part in _LAYERS) for node in self.tail)


def cuts(model: ModelProto, image: str, target: str) -> tuple[Cut, ...]:
    """Return the narrow places between an input and an output, from the input on.

    Walks through the nodes in order and keeps account of which tensors that depend on the image
    later nodes still need: where it is one alone, the graph is narrow.

    Parameters
    ----------
    model
        The model; its nodes are sorted, as ONNX asks.
    image
        The input.
    target
        The output.
    """
    way = _on_the_way(model.graph.node, image, target)
    last_use = {name: number for number, node in enumerate(way) for name in node.input}
    last_use[target] = len(way)
    live = {image}
    found = []
    for number, node in enumerate(way):
        live |= {name for name in node.output if name in last_use}
        live = {name for name in live if last_use[name] > number}
        if len(live) == 1:
            (name,) = live
            found.append(Cut(name, tuple(way[number + 1 :])))
    return tuple(cut for cut in found if cut.name != target)


def dependent(nodes: Iterable[NodeProto], image: str) -> set[str]:
    """Return the names of all tensors that depend on the image, itself among them."""
    found = {image}
    for node in nodes:
        if found & set(node.input):
            found |= set(node.output) - {""}
    return found


def _on_the_way(nodes: Sequence[NodeProto], image: str, target: str) -> list[NodeProto]:
    """Return the nodes that depend on the image and that the target depends on."""
    moving = dependent(nodes, image)
    needed = {target}
    way = []
    for node in reversed(nodes):
        if needed & set(node.output):
            needed |= set(node.input)
            if moving & set(node.input):
                way.append(node)
    return way[::-1]


def pruned(model: ModelProto, targets: set[str]) -> None:
    """Remove from a model whatever none of the targets needs; changed in place."""
    needed = set(targets)
    kept = []
    for node in reversed(model.graph.node):
        if needed & set(node.output):
            needed |= set(node.input)
            kept.append(node)
    initializers = [t for t in model.graph.initializer if t.name in needed]
    sparse = [t for t in model.graph.sparse_initializer if t.values.name in needed]
    # Copied before they are let go.
    nodes = [NodeProto.FromString(node.SerializeToString()) for node in reversed(kept)]
    copies = [type(t).FromString(t.SerializeToString()) for t in initializers]
    sparse_copies = [type(t).FromString(t.SerializeToString()) for t in sparse]
    del model.graph.node[:], model.graph.initializer[:], model.graph.sparse_initializer[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(copies)
    model.graph.sparse_initializer.extend(sparse_copies)
