"""The ONNX graph of a network: one file that runs without torch."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxscript import optimizer

from brainlens.errors import CheckFailed
from brainlens.networks import Network
from brainlens.networks.exported import ExportedNetwork

OPSET = 18
TOLERANCE = 1e-4
_INPUT = "image"
_HALF = "_half"
_SMALL = 4096
"""Most values of a constant that is folded: more than a layer has channels."""
# Where `ExportedNetwork` keeps the network.
_NETWORK = "network."


def make_graph(network: Network, size: int, *, half: bool) -> bytes:
    """Export a network, heat maps included, with any number of slices a batch.

    Parameters
    ----------
    network
        Put in evaluation mode here. With ``half`` its kernels and matrices must have been rounded
        by `round_to_half`.
    size
        Side of the input in pixels.
    half
        Store what half precision holds exactly as float16; computation stays in float32.

    Returns
    -------
    bytes
        An ONNX model: ``image`` [N, 1, size, size] → ``logits``, ``embedding``, ``heatmaps``,
        ``feature_statistics`` and, where the network has one, ``lesion_map``.

    Raises
    ------
    CheckFailed
        If ONNX Runtime's outputs differ from torch's by more than 1e-4, or where they are larger
        than 1, than 1e-4 of the largest.
    """
    exported = ExportedNetwork(network).cpu()
    example = torch.rand(2, 1, size, size, generator=torch.Generator().manual_seed(0))
    with _quiet_exporter(), torch.no_grad():
        program = torch.onnx.export(
            exported,
            (example,),
            input_names=[_INPUT],
            output_names=list(exported.output_names),
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
            # Optimising folds batch normalisation into the kernels, which half precision then no
            # longer holds exactly. ONNX Runtime folds it when it loads the graph, at no cost.
            optimize=not half,
        )
    if program is None:
        raise TypeError("torch.onnx.export with dynamo=True returns a program")
    if half:
        _fold_small(program.model)
    model = program.model_proto
    _forget_origin(model)
    if half:
        _store_halves(model)
    onnx.checker.check_model(model)
    graph: bytes = model.SerializeToString()
    _require_same(graph, exported, example)
    return graph


def round_to_half(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return weights with kernels and matrices as float16, the rest as it was.

    Vectors (biases, batch statistics) take no space worth saving, and small variances would lose
    most of their digits.
    """
    return {name: value.half() if value.ndim >= 2 else value for name, value in state.items()}


def weights_of(graph: bytes) -> dict[str, torch.Tensor]:
    """Return what `make_graph` stored of a network's state when it stored halves, as it was given.

    Such a graph holds every kernel, matrix and vector under its own name; one of single precision
    does not, for there batch normalisation is folded into the kernels. Counters of batches seen,
    which decide no answer, are in neither.

    Parameters
    ----------
    graph
        A graph of half precision.
    """
    found = {}
    for initializer in onnx.load_from_string(graph).graph.initializer:
        name = initializer.name.removesuffix(_HALF)
        if name.startswith(_NETWORK):
            # A copy: what is read lies in memory that cannot be written.
            values = torch.from_numpy(numpy_helper.to_array(initializer).copy())
            found[name.removeprefix(_NETWORK)] = values
    return found


def _forget_origin(model: onnx.ModelProto) -> None:
    """Remove traces of the exporter: names of source files on the machine that exported."""
    model.doc_string = ""
    del model.metadata_props[:]
    parts: list[Any] = [model.graph, *model.graph.node, *model.graph.value_info]
    parts += [*model.graph.input, *model.graph.output, *model.graph.initializer]
    for part in parts:
        part.doc_string = ""
        del part.metadata_props[:]


def _fold_small(model: Any) -> None:
    """Compute what depends on no input, kernels and matrices left alone.

    Else the scales and shifts of batch normalisation stay behind nodes that spread them out at
    every run, and ONNX Runtime cannot fold it into the kernels.
    """
    optimizer.inline(model)
    optimizer.fold_constants(model, input_size_limit=_SMALL, output_size_limit=_SMALL)
    optimizer.remove_unused_nodes(model)


def _store_halves(model: onnx.ModelProto) -> None:
    """Store initialisers that float16 holds exactly as such, and cast them where they are used."""
    casts = []
    for initializer in model.graph.initializer:
        values = numpy_helper.to_array(initializer)
        if values.dtype != np.float32 or values.ndim < 2:
            continue
        with np.errstate(over="ignore"):
            halves = values.astype(np.float16)
        if not np.array_equal(halves.astype(np.float32), values):
            continue
        name = initializer.name
        initializer.CopyFrom(numpy_helper.from_array(halves, name + _HALF))
        casts.append(helper.make_node("Cast", [name + _HALF], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _require_same(graph: bytes, exported: ExportedNetwork, example: torch.Tensor) -> None:
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    # Three slices, where the example had two: the batch must not be fixed.
    image = torch.cat([example, example[:1].flip(-1)])
    with torch.no_grad():
        expected = exported(image)
    for name, ours, theirs in zip(
        exported.output_names,
        expected,
        session.run(list(exported.output_names), {_INPUT: image.numpy()}),
        strict=True,
    ):
        difference = float(np.abs(ours.numpy() - np.asarray(theirs)).max())
        # Rounding grows with the values: some networks' logits reach hundreds.
        largest = max(1.0, float(ours.abs().max()))
        if not difference <= TOLERANCE * largest:
            raise CheckFailed(
                f"The exported graph's {name} differ from the network's by {difference:.2g}.",
                hint="Another version of torch or onnxruntime may export it right.",
            )


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Keep back what torch's exporter says of packages and calls that are not ours."""
    # "torchvision is not installed": nothing of it is used.
    logger = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # Torch's own use of a class that torch has deprecated.
            warnings.filterwarnings("ignore", message=".*LeafSpec", category=FutureWarning)
            yield
    finally:
        logger.setLevel(level)
