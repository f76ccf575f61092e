"""Any number of images at a time, for models exported for a fixed number."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, ValueInfoProto, numpy_helper

from brainlens.errors import ModelError
from brainlens.pipeline.foreign.cuts import dependent
from brainlens.pipeline.foreign.read import open_session

BATCH: Final = "N"
_COPY: Final = 0
"""In a target shape of Reshape: as many as the input has."""

Ints = NDArray[np.int64]


def free_batch(model: ModelProto, batch: int | None, example: NDArray[Any]) -> None:
    """Let a model take any number of images, as far as its graph allows; changed in place.

    What it declares of sizes is forgotten, and shapes that Reshape is told become shapes that copy
    the number of images from its input. Whether that was right shows when the model is run on
    several images: that is the caller's to check.

    Parameters
    ----------
    model
        A model with one input.
    batch
        The number of images that it was exported for; None: any.
    example
        Two or more prepared images.
    """
    graph = model.graph
    (image,) = graph.input
    image.type.tensor_type.shape.dim[0].dim_param = BATCH
    del graph.value_info[:]
    for name in [value.name for value in graph.output]:
        _forget_shape(graph.output, name)
    constants = _constants(model)
    moving = dependent(graph.node, image.name)
    reshapes = [
        node for node in graph.node if node.op_type == "Reshape" and node.input[0] in moving
    ]
    computed = sorted({node.input[1] for node in reshapes} - set(constants))
    told = _evaluate(model, image.name, computed, example) if computed else {}
    for node in reshapes:
        name = node.input[1]
        target = _freed(constants[name], batch) if name in constants else told.get(name)
        # A 0 that stands for itself cannot stand beside one that copies.
        if target is not None and not (_literal(node) and (target[1:] == _COPY).any()):
            del node.attribute[:]
            node.input[1] = f"{node.output[0]}/target"
            graph.initializer.append(numpy_helper.from_array(target, node.input[1]))


def not_free(batch: int | None) -> ModelError:
    """Return what to raise where answers about several images are not those about each alone."""
    fixed = "" if batch is None else f" It was exported for {batch} at a time."
    return ModelError(
        f"The model does not answer about several images at once as about each alone.{fixed}",
        hint="Export it with a dynamic first dimension, in evaluation mode.",
    )


def _forget_shape(outputs: Any, name: str) -> None:
    for value in outputs:
        if value.name == name:
            value.type.tensor_type.ClearField("shape")


def _literal(node: NodeProto) -> bool:
    """Tell whether a 0 in its target stands for itself."""
    return any(a.name == "allowzero" and a.i for a in node.attribute)


def _constants(model: ModelProto) -> dict[str, Ints]:
    found = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            found[node.output[0]] = node.attribute[0].t
    wanted = {node.input[1] for node in model.graph.node if node.op_type == "Reshape"}
    return {name: numpy_helper.to_array(found[name]) for name in wanted & set(found)}


def _freed(target: Ints, batch: int | None) -> Ints | None:
    """Return a constant target with the fixed number of images taken out; None: none is in it."""
    if batch is None or not target.size or target[0] != batch:
        return None
    return np.concatenate([[_COPY], target[1:]]).astype(np.int64)


def _evaluate(
    model: ModelProto, image: str, names: list[str], example: NDArray[Any]
) -> dict[str, Ints]:
    """Return targets that the graph computes, told from two numbers of images."""
    asked = ModelProto()
    asked.CopyFrom(model)
    del asked.graph.output[:]
    asked.graph.output.extend(ValueInfoProto(name=name) for name in names)
    try:
        session = open_session(asked.SerializeToString())
        one, two = (session.run(names, {image: example[:n]}) for n in (1, 2))
    # The graph does not run on two images: what is wrong with it is told later.
    except Exception:
        return {}
    found = {}
    for name, at_one, at_two in zip(names, one, two, strict=True):
        target = np.where(at_one == at_two, at_one, _COPY).astype(np.int64)
        if (at_one != at_two).sum() <= 1 and (at_one == at_two)[1:].all():
            found[name] = target
    return found
