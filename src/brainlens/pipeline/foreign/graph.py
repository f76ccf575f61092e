"""The graph of a bundle around the graph of a model that was trained elsewhere."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, TensorProto, checker, compose, helper

from brainlens.errors import ModelError
from brainlens.inference.engine import EMBEDDING, HEATMAPS, INPUT, LOGITS
from brainlens.pipeline.foreign.batch import BATCH, free_batch, not_free
from brainlens.pipeline.foreign.cuts import dependent, pruned
from brainlens.pipeline.foreign.features import FeatureMap, find_features
from brainlens.pipeline.foreign.feeding import Feeding
from brainlens.pipeline.foreign.head import find_linear_head
from brainlens.pipeline.foreign.heat_maps import Added, by_convolution, by_steps, pooled
from brainlens.pipeline.foreign.original import TOLERANCE, Original, softmax
from brainlens.pipeline.foreign.read import open_session

PREFIX: Final = "given/"
"""Before every name of the model, so that none is one of ours."""
_OURS: Final = "added/"
_IR_VERSION: Final = 8
_LEAST: Final = 1e-12
"""Probabilities are at least this before their logarithm is taken."""
_TYPES: Final[dict[type[np.generic], int]] = {
    np.float32: TensorProto.FLOAT,
    np.float16: TensorProto.FLOAT16,
    np.float64: TensorProto.DOUBLE,
    np.uint8: TensorProto.UINT8,
}

HeatMaps = Literal["closed form", "finite step"]


@dataclass(frozen=True, eq=False)
class Wrapped:
    """A graph that fits a bundle.

    Attributes
    ----------
    graph
        Its bytes.
    heat_maps
        How heat maps are made.
    features
        Name, in the given model, of what they are made of.
    channels, side
        Its sizes.
    from_probabilities
        Whether logits are the logarithm of probabilities.
    """

    graph: bytes
    heat_maps: HeatMaps
    features: str
    channels: int
    side: int
    from_probabilities: bool


def wrap(
    model: ModelProto,
    feeding: Feeding,
    original: Original,
    images: NDArray[np.float32],
    features: str | None,
) -> Wrapped:
    """Return the graph of a bundle: a grey slice in; logits, embedding and heat maps out.

    Parameters
    ----------
    model
        The model, as `read.parse` gives it; stays as it is.
    feeding, original
        What was found out about it.
    images
        Grey test images.
    features
        Name of what heat maps are to be made of; None: the last map there is.

    Raises
    ------
    ModelError
        If heat maps cannot be made, or the graph would not be valid.
    """
    prepared = feeding.prepare(images)
    model = compose.add_prefix(model, PREFIX)
    for value in [value for value in model.graph.input if value.name != PREFIX + feeding.name]:
        # Weights that could be given anew: nobody will.
        model.graph.input.remove(value)
    # Before version 4 every constant had to be an input.
    model.ir_version = max(model.ir_version, _IR_VERSION)
    free_batch(model, feeding.batch, prepared[:2])
    _require_several(model, feeding, original, prepared)
    image, output = PREFIX + feeding.name, PREFIX + original.output
    added = Added(_OURS)
    logits, from_probabilities = _logits(model, image, output, original, added)
    model.graph.node.extend(added.nodes)
    model.graph.initializer.extend(added.constants)
    found = find_features(model, logits, prepared, features, PREFIX)
    more = Added(_OURS)
    maps, kind = _heat_maps(model, logits, found, original.probabilities.shape[1], more)
    embedding = pooled(more, found)
    if original.embedding is not None:
        embedding = PREFIX + original.embedding
    front = Added(_OURS)
    _front(front, feeding, image)
    for name, made in ((LOGITS, logits), (EMBEDDING, embedding), (HEATMAPS, maps)):
        more.nodes.append(helper.make_node("Cast", [made], [name], to=TensorProto.FLOAT))
    _put_together(model, front, more)
    sizes = {
        LOGITS: [BATCH, original.probabilities.shape[1]],
        EMBEDDING: [BATCH, "D"],
        HEATMAPS: [BATCH, original.probabilities.shape[1], found.side, found.side],
    }
    _declare(model.graph, feeding.size, sizes)
    pruned(model, set(sizes))
    _forget_origin(model)
    return Wrapped(
        _checked(model),
        kind,
        found.cut.name.removeprefix(PREFIX),
        found.channels,
        found.side,
        from_probabilities,
    )


def _require_several(
    model: ModelProto, feeding: Feeding, original: Original, prepared: NDArray[Any]
) -> None:
    """Raise unless the model says of all test images at once what it said of each."""
    session = open_session(model.SerializeToString())
    try:
        (found,) = session.run([PREFIX + original.output], {PREFIX + feeding.name: prepared})
    # ONNX Runtime's exceptions share no base class.
    except Exception as error:
        raise not_free(feeding.batch) from error
    if np.shape(found) != original.probabilities.shape:
        raise not_free(feeding.batch)
    together = np.asarray(softmax(found) if original.scores == "logits" else found)
    if not np.abs(together - original.probabilities).max() <= TOLERANCE:
        raise not_free(feeding.batch)


def _logits(
    model: ModelProto, image: str, output: str, original: Original, added: Added
) -> tuple[str, bool]:
    """Return the name of the logits: those given, those before a softmax, or logarithms."""
    if original.scores == "logits":
        return output, False
    maker = next((node for node in model.graph.node if output in node.output), None)
    # Of two dimensions the last is the second: 1, -1 and what is left out mean the same.
    if (
        maker is not None
        and maker.op_type == "Softmax"
        and all(a.i in (1, -1) for a in maker.attribute if a.name == "axis")
        and maker.input[0] in dependent(model.graph.node, image)
    ):
        return maker.input[0], False
    floats = added.node("Cast", [output], "probabilities", to=TensorProto.FLOAT)
    least = added.constant("least", np.asarray(_LEAST, dtype=np.float32))
    above = added.node("Max", [floats, least], "above_zero")
    return added.node("Log", [above], "logarithms"), True


def _heat_maps(
    model: ModelProto, logits: str, features: FeatureMap, n_classes: int, added: Added
) -> tuple[str, HeatMaps]:
    head = find_linear_head(model, logits, features, n_classes)
    if head is not None:
        return by_convolution(added, features, head), "closed form"
    name = features.cut.name.removeprefix(PREFIX)
    if features.values.dtype != np.float32:
        raise ModelError(
            f"After {name} the model is not linear, and of {features.values.dtype}: heat maps "
            "need single precision there.",
            hint="Export it in single precision.",
        )
    if not features.affordable:
        raise ModelError(
            f"After {name} ({features.channels} x {features.side} x {features.side}) the model is "
            "not linear, and too large to be run once for each position.",
            hint="Name a smaller map of features with --features.",
        )
    return by_steps(added, features, logits, n_classes), "finite step"


def _front(added: Added, feeding: Feeding, image: str) -> None:
    """Add what turns a grey slice into what the model takes, as `Feeding.prepare` does."""
    name = INPUT
    if feeding.channels > 1:
        name = added.node("Concat", [name] * feeding.channels, "repeated", axis=1)
    scale = np.asarray(feeding.scale, dtype=np.float64)
    mean, std = (np.reshape(x, (1, -1, 1, 1)) for x in (feeding.mean, feeding.std))
    factor = added.constant("factor", (scale / std).astype(np.float32))
    shift = added.constant("shift", (mean / std).astype(np.float32))
    name = added.node("Mul", [name, factor], "scaled")
    name = added.node("Sub", [name, shift], "standardised")
    if feeding.layout == "NHWC":
        name = added.node("Transpose", [name], "channels_last", perm=[0, 2, 3, 1])
    if feeding.dtype is np.uint8:
        # Rounded as NumPy rounds; Floor is older than Round and does for numbers from 0 on.
        half = added.constant("half", np.asarray(0.5, dtype=np.float32))
        name = added.node("Floor", [added.node("Add", [name, half], "up")], "rounded")
        lowest = added.constant("lowest", np.asarray(0, dtype=np.float32))
        highest = added.constant("highest", np.asarray(255, dtype=np.float32))
        name = added.node("Max", [name, lowest], "at_least")
        name = added.node("Min", [name, highest], "at_most")
    added.nodes.append(helper.make_node("Cast", [name], [image], to=_TYPES[feeding.dtype]))


def _put_together(model: ModelProto, front: Added, more: Added) -> None:
    given = list(model.graph.node)
    constants = [*front.constants, *more.constants]
    nodes = [*front.nodes, *(_copied(node) for node in given), *more.nodes]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(constants)


def _copied(node: Any) -> Any:
    copy = type(node)()
    copy.CopyFrom(node)
    return copy


def _declare(graph: GraphProto, size: int, outputs: dict[str, list[Any]]) -> None:
    del graph.input[:], graph.output[:], graph.value_info[:]
    value = helper.make_tensor_value_info
    graph.input.append(value(INPUT, TensorProto.FLOAT, [BATCH, 1, size, size]))
    graph.output.extend(value(name, TensorProto.FLOAT, sizes) for name, sizes in outputs.items())


def _forget_origin(model: ModelProto) -> None:
    """Remove what exporters leave: names of source files on the machine that exported."""
    model.ClearField("doc_string")
    model.ClearField("producer_name")
    model.ClearField("producer_version")
    model.graph.name = "brainlens"
    del model.metadata_props[:]
    for part in (model.graph, *model.graph.node, *model.graph.initializer):
        part.ClearField("doc_string")
        del part.metadata_props[:]


def _checked(model: ModelProto) -> bytes:
    try:
        checker.check_model(model)
        graph: bytes = model.SerializeToString()
    # ValidationError, or protobuf's own where two gigabytes are exceeded.
    except Exception as error:
        raise ModelError(
            f"The model cannot be put into a bundle: {str(error).splitlines()[0]}",
            hint="Export it with another version of its exporter.",
        ) from error
    return graph
