"""What is found out by itself, what must be said, and what contradicts the model."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from brainlens.classes import ClassInfo
from brainlens.errors import BrainLensError, ModelError, UsageError
from brainlens.pipeline.foreign.choices import Choices
from brainlens.pipeline.foreign.feeding import Feeding, find_feeding
from brainlens.pipeline.foreign.from_onnx import FromOnnx
from brainlens.pipeline.foreign.read import open_session

from .conftest import SIZE, double_pool, keras_like

Make = Callable[..., FromOnnx]


def _found(shape: list[int | str], kind: int = TensorProto.FLOAT, **said: Any) -> Feeding:
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "any",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", kind, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return find_feeding(open_session(model.SerializeToString()), Choices(**said))


@pytest.mark.parametrize(
    ("shape", "said", "expected"),
    [
        (["n", 3, 64, 64], {}, ("NCHW", 3, 64, None)),
        ([1, 1, 64, 64], {}, ("NCHW", 1, 64, 1)),
        ([8, 64, 64, 3], {}, ("NHWC", 3, 64, 8)),
        (
            ["n", "c", "h", "w"],
            {"layout": "NHWC", "channels": 1, "size": 96},
            ("NHWC", 1, 96, None),
        ),
        (["n", 3, "h", 64], {}, ("NCHW", 3, 64, None)),
    ],
)
def test_the_input_is_found(
    shape: list[int | str], said: dict[str, Any], expected: tuple[object, ...]
) -> None:
    found = _found(shape, **said)
    assert (found.layout, found.channels, found.size, found.batch) == expected


@pytest.mark.parametrize(
    ("shape", "said", "words"),
    [
        (["n", "c", "h", "w"], {}, r"cannot be told.*--layout"),
        (["n", 3, 64, 3], {}, r"\[\?, 3, 64, 3\] cannot be told"),
        (["n", 3, "h", "w"], {}, "--size"),
        (["n", "c", 64, 64], {"layout": "NCHW"}, "--channels"),
        (["n", 3, 64, 64], {"size": 32}, "--size says 32, the model 64"),
        (["n", 3, 64, 64], {"channels": 1}, "--channels says 1, the model 3"),
        (["n", 4, 64, 64], {"layout": "NCHW"}, "4 channels, not 1 or 3"),
        (["n", 3, 64, 48], {}, "48 x 64 pixels"),
        (["n", 3, 16, 16], {}, "16 pixels a side; 32 to 1024"),
        (["n", 64], {}, "no batch of images"),
        (["n", 3, 64, 64], {"mean": (0.1, 0.2)}, "--mean gives 2 numbers for 3 channels"),
        (["n", 3, 64, 64], {"mean": (float("nan"),)}, "not finite"),
        (["n", 3, 64, 64], {"std": (0.0,)}, "--std must be above 0"),
        (["n", 3, 64, 64], {"scale": 0.0}, "--scale cannot be 0"),
    ],
)
def test_what_cannot_be_is_refused(
    shape: list[int | str], said: dict[str, Any], words: str
) -> None:
    with pytest.raises((ModelError, UsageError), match=words):
        _found(shape, **said)


def test_numbers_that_are_no_image_are_refused() -> None:
    with pytest.raises(ModelError, match="no batch of images"):
        _found(["n", 3, 64, 64], TensorProto.INT64)


def test_a_slice_is_prepared_as_said() -> None:
    grey = np.linspace(0, 1, SIZE * SIZE, dtype=np.float32).reshape(1, 1, SIZE, SIZE)
    feeding = _found(
        ["n", SIZE, SIZE, 3], TensorProto.FLOAT16, scale=255, mean=(1, 2, 3), std=(4, 5, 6)
    )
    given = feeding.prepare(grey)
    assert given.dtype == np.float16
    assert given.shape == (1, SIZE, SIZE, 3)
    np.testing.assert_allclose(given[0, -1, -1], [254 / 4, 253 / 5, 252 / 6], rtol=1e-3)
    assert str(feeding) == "NHWC, 3 x 32 x 32, (grey * 255 - [1, 2, 3]) / [4, 5, 6]"


def _second_input(model: onnx.ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, ["b", 3]))
    model.graph.node[-1].output[0] = "before"
    model.graph.node.append(helper.make_node("Add", ["before", "z"], ["y"]))


def _second_output(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Neg", ["y"], ["minus"]))
    model.graph.output.append(helper.make_tensor_value_info("minus", TensorProto.FLOAT, ["b", 3]))


def _sigmoid(model: onnx.ModelProto) -> None:
    model.graph.node[-1].output[0] = "before"
    model.graph.node.append(helper.make_node("Sigmoid", ["before"], ["y"]))


def _not_a_number(model: onnx.ModelProto) -> None:
    model.graph.node[-1].output[0] = "before"
    model.graph.node.append(helper.make_node("Sub", ["before", "before"], ["zero"]))
    model.graph.node.append(helper.make_node("Div", ["zero", "zero"], ["y"]))


def _fails(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "h"
    model.graph.input[0].type.tensor_type.shape.dim[3].dim_param = "w"


@pytest.mark.parametrize(
    ("change", "said", "words"),
    [
        (_second_input, {}, "The model takes x, z; a bundle's network takes one image"),
        (_second_output, {}, r"More than one output has 3 numbers: y, minus\..*--output"),
        (_second_output, {"output": "z"}, r"no output z\. It has: y \[3\], minus \[3\]"),
        (_sigmoid, {}, "do not sum to 1, as if each class were told apart"),
        (_sigmoid, {"scores": "probabilities"}, "are no probabilities"),
        (_not_a_number, {}, "not all finite"),
        (_fails, {"size": 96}, "fails on a test image"),
    ],
)
def test_outputs_that_leave_it_open_are_refused(
    make: Make, change: Callable[[onnx.ModelProto], None], said: dict[str, Any], words: str
) -> None:
    model = double_pool()
    change(model)
    with pytest.raises(BrainLensError, match=words):
        make(model.SerializeToString(), **said)


def test_the_output_that_is_named_is_taken(make: Make) -> None:
    model = double_pool()
    _second_output(model)
    made = make(model.SerializeToString(), output="minus")
    assert made.original.output == "minus"
    assert made.difference < 1e-5


def test_another_number_of_classes_is_refused(make: Make) -> None:
    classes = tuple(ClassInfo.from_id(class_id) for class_id in "abcd")
    with pytest.raises(ModelError, match=r"each of the 4 classes; .* gives y \[3\].*--classes"):
        make(double_pool().SerializeToString(), classes=classes)


def test_the_features_that_are_named_are_taken(make: Make) -> None:
    made = make(keras_like(), features="conv")
    assert made.wrapped.features == "conv"
    assert made.wrapped.heat_maps == "finite step"


def test_features_that_will_not_do_are_refused_with_those_that_will(make: Make) -> None:
    with pytest.raises(
        ModelError, match=r"made of pooled\. .*, conv \(10 x 8 x 8\), relu \(10 x 8"
    ):
        make(keras_like(), features="pooled")


def test_a_head_too_large_to_repeat_is_refused(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from brainlens.pipeline.foreign import features

    monkeypatch.setattr(features, "_MOST_BYTES", 64 * 64 * 10 * 4 - 1)
    with pytest.raises(ModelError, match=r"conv \(10 x 8 x 8\) .* too large to be run once for"):
        make(keras_like(), features="conv")


def test_a_head_that_bends_in_half_precision_is_refused(make: Make) -> None:
    with pytest.raises(ModelError, match="need single precision there"):
        make(keras_like(dtype=np.float16), features="conv")
