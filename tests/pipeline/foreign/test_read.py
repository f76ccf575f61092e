"""Files from anywhere: what is no plain, whole model is refused before anything runs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from brainlens.errors import ModelError
from brainlens.pipeline.foreign import read
from brainlens.pipeline.foreign.read import open_session, parse, read_bytes

from .conftest import double_pool


def _broken(change: Callable[[onnx.ModelProto], object]) -> bytes:
    model = double_pool()
    change(model)
    return bytes(model.SerializeToString())


def test_a_sound_model_is_taken() -> None:
    model = parse(double_pool().SerializeToString())
    assert [node.op_type for node in model.graph.node] == ["AveragePool", "Flatten", "Gemm"]


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x08\x09", bytes(range(256)) * 40])
def test_what_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(ModelError, match="no ONNX model"):
        parse(data)


def test_a_damaged_model_ends_in_an_error_of_ours_or_runs() -> None:
    sound = double_pool().SerializeToString()
    dice = np.random.default_rng(0)
    refused = 0
    for _ in range(150):
        data = bytearray(sound[: dice.integers(len(sound))] if dice.random() < 0.3 else sound)
        for _ in range(3):
            if data:
                data[dice.integers(len(data))] = dice.integers(256)
        try:
            parse(bytes(data))
            open_session(bytes(data))
        except ModelError:
            refused += 1
    assert 50 < refused < 150


def _weights_elsewhere(model: onnx.ModelProto, tensor: TensorProto, place: str) -> None:
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=place)


@pytest.mark.parametrize("place", ["weights.bin", "../../etc/passwd", "/etc/passwd"])
def test_weights_in_another_file_are_never_looked_for(place: str) -> None:
    data = _broken(lambda m: _weights_elsewhere(m, m.graph.initializer[0], place))
    with pytest.raises(ModelError, match=r"\(weights\) in another file.*onnx\.save\("):
        parse(data)


def _constant_elsewhere(model: onnx.ModelProto) -> None:
    tensor = numpy_helper.from_array(np.zeros(4, np.float32))
    _weights_elsewhere(model, tensor, "/etc/passwd")
    model.graph.node.insert(0, helper.make_node("Constant", [], ["c"], value=tensor))


def _sparse_elsewhere(model: onnx.ModelProto) -> None:
    sparse = model.graph.sparse_initializer.add()
    _weights_elsewhere(model, sparse.values, "/etc/passwd")


@pytest.mark.parametrize("change", [_constant_elsewhere, _sparse_elsewhere])
def test_nor_those_of_constants(change: Callable[[onnx.ModelProto], None]) -> None:
    with pytest.raises(ModelError, match="in another file"):
        parse(_broken(change))


def _custom(model: onnx.ModelProto) -> None:
    model.graph.node[1].domain = "somebody"
    model.opset_import.append(helper.make_opsetid("somebody", 1))


def _branch(model: onnx.ModelProto) -> None:
    body = helper.make_graph([], "then", [], [])
    model.graph.node.append(
        helper.make_node("If", ["c"], ["d"], then_branch=body, else_branch=body)
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_custom, r"needs the operator somebody\.Flatten"),
        (_branch, r"branches or loops \(If"),
        (lambda m: setattr(m.opset_import[0], "version", 8), "operators version 8; 9 is the"),
        (lambda m: setattr(m.graph.node[2], "op_type", "Nothing"), "breaks the rules of ONNX"),
        (lambda m: m.graph.node[0].input.append("nowhere"), "breaks the rules of ONNX"),
    ],
)
def test_what_cannot_be_served_is_refused(
    change: Callable[[onnx.ModelProto], object], words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        parse(_broken(change))


def test_functions_are_put_in_where_they_are_called() -> None:
    model = double_pool()
    function = helper.make_function(
        "own",
        "Flat",
        ["a"],
        ["b"],
        [helper.make_node("Flatten", ["a"], ["b"])],
        [helper.make_opsetid("", 13)],
    )
    model.functions.append(function)
    model.opset_import.append(helper.make_opsetid("own", 1))
    model.graph.node[1].op_type, model.graph.node[1].domain = "Flat", "own"
    parsed = parse(model.SerializeToString())
    assert [node.op_type for node in parsed.graph.node] == ["AveragePool", "Flatten", "Gemm"]


def _calls(model: onnx.ModelProto, *levels: tuple[str, str, int]) -> bytes:
    """Return the model with functions: each calls another so many times."""
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("own", 1)]
    for name, called, times in levels:
        domain = "own" if called.startswith("F") else ""
        names = ["a", *(f"t{n}" for n in range(1, times)), "b"]
        nodes = [
            helper.make_node(called, [names[n]], [names[n + 1]], domain=domain)
            for n in range(times)
        ]
        model.functions.append(helper.make_function("own", name, ["a"], ["b"], nodes, opsets))
    model.opset_import.append(helper.make_opsetid("own", 1))
    model.graph.node[1].op_type, model.graph.node[1].domain = levels[0][0], "own"
    return bytes(model.SerializeToString())


def test_functions_that_would_fill_the_memory_are_refused() -> None:
    levels = [(f"F{n}", f"F{n + 1}", 10) for n in range(12)]
    with pytest.raises(ModelError, match="more than 50000 nodes"):
        parse(_calls(double_pool(), *levels, ("F12", "Relu", 1)))


def test_functions_that_call_themselves_are_refused() -> None:
    with pytest.raises(ModelError, match="The function F0 of the model calls itself"):
        parse(_calls(double_pool(), ("F0", "F1", 1), ("F1", "F0", 1)))


def test_operators_that_onnx_runtime_lacks_are_refused() -> None:
    model = double_pool()
    model.opset_import[0].version = 9999
    with pytest.raises(ModelError, match="ONNX Runtime cannot run the model"):
        open_session(model.SerializeToString())


def test_a_file_that_no_bundle_could_hold_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"x" * 101)
    monkeypatch.setattr(read, "MAX_TOTAL_BYTES", 100 + read._ROOM)
    with pytest.raises(ModelError, match="101 bytes; a bundle holds a graph of at most 100"):
        read_bytes(path)
    path.write_bytes(b"x" * 100)
    assert len(read_bytes(path)) == 100


def test_there_must_be_a_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.onnx"):
        with pytest.raises(ModelError, match="There is no file"):
            read_bytes(path)
