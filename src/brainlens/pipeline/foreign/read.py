"""An ONNX file from anywhere to a graph that is known to be harmless to look at."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import onnxruntime as ort
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, checker, inliner

from brainlens.bundle.members import MAX_TOTAL_BYTES
from brainlens.errors import ModelError, StorageError

OLDEST_OPSET: Final = 9
DOMAINS: Final = ("", "ai.onnx", "com.microsoft")
"""Whose operators ONNX Runtime brings with it: with no others is a bundle complete."""
MOST_NODES: Final = 50_000
"""Nodes of a graph with its functions put in: functions that call functions grow without end."""
_ROOM: Final = 1 << 20
"""Bytes of a bundle left for everything but the graph."""
_WITH_GRAPHS: Final = (AttributeProto.GRAPH, AttributeProto.GRAPHS)
_OTHER_FILES: Final = "session.model_external_initializers_file_folder_path"


def read_bytes(path: Path) -> bytes:
    """Return the content of a model's file, having looked at its size before.

    Raises
    ------
    ModelError
        If there is no such file, or no bundle could hold it.
    StorageError
        If the file system refuses to read.
    """
    limit = MAX_TOTAL_BYTES - _ROOM
    try:
        if not path.is_file():
            raise ModelError(f"There is no file {path}.", hint="Give an ONNX model's file.")
        size = path.stat().st_size
        if size > limit:
            raise ModelError(
                f"{path.name} has {size} bytes; a bundle holds a graph of at most {limit}.",
                hint="Export it in half precision, or take a smaller network.",
            )
        return path.read_bytes()
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read: {error.strerror or error}.", hint="Check its permissions."
        ) from error


def parse(data: bytes) -> ModelProto:
    """Return the model, its local functions put in where they are called.

    No other file is ever opened, whatever the model says.

    Raises
    ------
    ModelError
        If this is no ONNX model, is of operators older than `OLDEST_OPSET`, keeps weights in other
        files, branches or loops, or needs operators that ONNX Runtime has not.
    """
    model = ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        raise ModelError("The file is no ONNX model.", hint="Export the model again.") from error
    if not model.graph.node:
        raise ModelError(
            "The file is no ONNX model, or an empty one.", hint="Export the model again."
        )
    _require_whole(model)
    if model.functions:
        _require_few_calls(model)
        model = inliner.inline_local_functions(model)
    _require_plain(model)
    _require_opset(model)
    try:
        checker.check_model(model)
    # ValidationError, or whatever else the checker meets.
    except Exception as error:
        raise ModelError(
            f"The model breaks the rules of ONNX: {_first_line(error)}.",
            hint="Export the model again.",
        ) from error
    return model


def open_session(graph: bytes) -> ort.InferenceSession:
    """Return what runs a graph, on one thread, without reading any other file.

    Raises
    ------
    ModelError
        If ONNX Runtime cannot run it.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry(_OTHER_FILES, os.devnull)
    try:
        return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    # ONNX Runtime's exceptions share no base class.
    except Exception as error:
        raise ModelError(
            f"ONNX Runtime cannot run the model: {_first_line(error)}",
            hint="Export the model for the operators of a version that ONNX Runtime knows.",
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _require_whole(model: ModelProto) -> None:
    for tensor in _tensors(model):
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            raise ModelError(
                f"The model keeps its weights ({tensor.name or 'a constant'}) in another file.",
                hint="Make one file of it: onnx.save(onnx.load('model.onnx'), 'one.onnx').",
            )


def _tensors(model: ModelProto) -> Iterator[TensorProto]:
    """Yield every tensor of a model, constants and those of functions included."""
    yield from model.graph.initializer
    for sparse in model.graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    nodes = [*model.graph.node, *(node for f in model.functions for node in f.node)]
    for attribute in (attribute for node in nodes for attribute in node.attribute):
        yield attribute.t
        yield from attribute.tensors
        for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
            yield from (sparse.values, sparse.indices)


def _require_few_calls(model: ModelProto) -> None:
    bodies = {(f.domain, f.name): f.node for f in model.functions}
    sizes: dict[tuple[str, str], int] = {}

    def size(nodes: Iterable[NodeProto], above: frozenset[tuple[str, str]]) -> int:
        total = 0
        for node in nodes:
            called = (node.domain, node.op_type)
            if called in above:
                raise ModelError(
                    f"The function {node.op_type} of the model calls itself.",
                    hint="Export the model again.",
                )
            if called in bodies and called not in sizes:
                sizes[called] = size(bodies[called], above | {called})
            total += sizes.get(called, 1)
        return total

    if size(model.graph.node, frozenset()) > MOST_NODES:
        raise ModelError(
            f"The model has more than {MOST_NODES} nodes with its functions put in.",
            hint="Export it without functions.",
        )


def _require_plain(model: ModelProto) -> None:
    for node in model.graph.node:
        if any(attribute.type in _WITH_GRAPHS for attribute in node.attribute):
            raise ModelError(
                f"The model branches or loops ({node.op_type} {node.name}).",
                hint="Export it for one input size, without control flow.",
            )
        if node.domain not in DOMAINS:
            raise ModelError(
                f"The model needs the operator {node.domain}.{node.op_type}, which ONNX Runtime "
                "has not.",
                hint="Export it with operators of ONNX alone.",
            )


def _require_opset(model: ModelProto) -> None:
    version = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
    if version < OLDEST_OPSET:
        raise ModelError(
            f"The model is of ONNX operators version {version}; {OLDEST_OPSET} is the oldest read.",
            hint="Export it for a newer opset, or convert it: onnx.version_converter.",
        )
