"""What is served says what the model says, or there is no bundle."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from brainlens.bundle import load_bundle
from brainlens.bundle.cautions import ELSEWHERE, cautions
from brainlens.bundle.schema import WEIGHTS, BundleInfo
from brainlens.errors import CheckFailed, ModelError, UsageError
from brainlens.imaging import preprocess, read
from brainlens.inference import Predictor
from brainlens.inference.engine import Engine
from brainlens.pipeline.foreign import graph
from brainlens.pipeline.foreign.feeding import Feeding
from brainlens.pipeline.foreign.from_onnx import FromOnnx, Origin, bundle_from_onnx
from brainlens.pipeline.foreign.heat_maps import Added
from brainlens.pipeline.foreign.pictures import pictures

from .conftest import (
    ORIGIN,
    SIZE,
    ConvNet,
    Patches,
    Perceptron,
    WithEmbedding,
    double_pool,
    exported,
    keras_like,
    seeded,
)

Make = Callable[..., FromOnnx]
IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


def _served(made: FromOnnx, png: bytes) -> NDArray[np.float64]:
    """Return the probabilities of an answer as a service gives it."""
    answer = Predictor(made.bundle, threads=1).predict(png)
    assert answer.probabilities is not None
    return np.array([answer.probabilities[c.id] for c in made.bundle.info.classes])


def _grey(made: FromOnnx, png: bytes) -> NDArray[np.float32]:
    return preprocess(read(png), made.bundle.info.preprocess)


def _torch_input(grey: NDArray[np.float32]) -> torch.Tensor:
    """Return three standardised channels, made as people make them for torch."""
    mean, std = (torch.tensor(IMAGENET[name]).view(3, 1, 1) for name in ("mean", "std"))
    return ((torch.from_numpy(grey).repeat(3, 1, 1) - mean) / std)[None]


def _hirescam(network: ConvNet, images: torch.Tensor) -> NDArray[np.float32]:
    """Return heat maps by torch's gradients."""
    features = network.body(images).detach().requires_grad_()
    logits = network.head(features)
    maps = [
        torch.relu(
            (
                torch.autograd.grad(logits[:, c].sum(), features, retain_graph=True)[0] * features
            ).sum(1)
        )
        for c in range(logits.shape[1])
    ]
    return torch.stack(maps, dim=1).detach().numpy()


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_network_of_torch_is_served_as_it_is(
    make: Make, slice_png: Callable[..., bytes], index: int
) -> None:
    network = seeded(ConvNet)
    made = make(exported(network), **IMAGENET)
    png = slice_png(index)
    with torch.no_grad():
        expected = network(_torch_input(_grey(made, png))).softmax(1)[0].numpy()
    assert _served(made, png) == pytest.approx(expected, abs=1e-5)
    assert made.difference < 1e-5
    assert (made.feeding.layout, made.feeding.channels, made.feeding.size) == ("NCHW", 3, SIZE)
    assert made.original.scores == "logits"
    assert not made.original.says_one_thing


def test_its_bundle_says_what_is_not_known(make: Make) -> None:
    info = make(double_pool().SerializeToString()).bundle.info
    assert WEIGHTS not in info.files
    assert info.training.elsewhere
    assert info.training.data_title == ORIGIN.trained_on
    assert info.training.data_licence == ORIGIN.licence
    assert info.training.n_slices is None
    assert info.seen is None
    assert info.calibration is None
    assert info.gates == ()
    assert info.temperature == 1
    assert cautions(info) == (ELSEWHERE,)


def test_heat_maps_of_a_linear_head_are_gradients(make: Make) -> None:
    network = seeded(ConvNet)
    made = make(exported(network), **IMAGENET)
    assert made.wrapped.heat_maps == "closed form"
    images = pictures(SIZE)
    found = Engine(made.bundle, threads=1).run(images, ("heatmaps", "embedding"))
    fed = torch.from_numpy(made.feeding.prepare(images))
    assert isinstance(network, ConvNet)
    expected = _hirescam(network, fed)
    assert found["heatmaps"].max() > 0.1
    np.testing.assert_allclose(found["heatmaps"], expected, rtol=1e-3, atol=1e-4)
    with torch.no_grad():
        pooled = network.body(fed).mean((2, 3)).numpy()
    np.testing.assert_allclose(found["embedding"], pooled, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("fixed", [False, True])
def test_heat_maps_of_a_head_that_bends_are_gradients_too(make: Make, fixed: bool) -> None:
    network = seeded(lambda: ConvNet(head=Perceptron()))
    made = make(exported(network, fixed=fixed))
    assert made.wrapped.heat_maps == "finite step"
    images = pictures(SIZE)
    found = Engine(made.bundle, threads=1).run(images, ("heatmaps",))["heatmaps"]
    assert isinstance(network, ConvNet)
    expected = _hirescam(network, torch.from_numpy(made.feeding.prepare(images)))
    assert expected.max() > 0.01
    # A step across a bend of the head may be a little off; nowhere by more than a fiftieth.
    assert np.abs(found - expected).max() < 0.02 * expected.max()


def test_a_network_of_keras_is_served_as_it_is(make: Make, slice_png: Callable[..., bytes]) -> None:
    made = make(keras_like(), scale=255.0, mean=(127.5,), std=(127.5,))
    assert made.feeding.layout == "NHWC"
    assert made.original.scores == "probabilities"
    assert not made.wrapped.from_probabilities
    assert made.wrapped.heat_maps == "closed form"
    png = slice_png(1)
    grey = _grey(made, png)[0]
    fed = np.repeat(grey[:, :, None], 3, axis=2)[None] * 2 - 1
    session = ReferenceEvaluator(onnx.load_from_string(keras_like()))
    (expected,) = session.run(None, {"x": fed.astype(np.float32)})
    assert _served(made, png) == pytest.approx(expected[0], abs=1e-5)


def _probabilities_by_hand() -> bytes:
    """Return a network whose probabilities come of no Softmax."""
    model = onnx.load_from_string(keras_like(softmax=False))
    model.graph.node.extend(
        [
            helper.make_node("Exp", ["logits"], ["exp"]),
            helper.make_node("ReduceSum", ["exp", "axis"], ["sum"], keepdims=1),
            helper.make_node("Div", ["exp", "sum"], ["shares"]),
        ]
    )
    model.graph.initializer.append(numpy_helper.from_array(np.array([1], np.int64), "axis"))
    model.graph.output[0].name = "shares"
    return bytes(model.SerializeToString())


def test_of_other_probabilities_the_logarithm_is_taken(make: Make) -> None:
    made = make(_probabilities_by_hand())
    assert made.original.scores == "probabilities"
    assert made.wrapped.from_probabilities
    assert made.wrapped.heat_maps == "finite step"
    assert made.difference < 1e-5


def test_logits_that_are_called_logits_are_not_looked_at(make: Make) -> None:
    made = make(_probabilities_by_hand(), scores="logits")
    # The softmax of probabilities: what the user asked for.
    assert made.original.probabilities.max() < np.e / (np.e + 2)
    assert made.difference < 1e-5


@pytest.mark.parametrize("batch", [1, 4])
def test_a_fixed_number_of_images_becomes_any(make: Make, batch: int) -> None:
    made = make(keras_like(batch=batch))
    assert made.feeding.batch == batch
    assert made.difference < 1e-5
    assert len(Engine(made.bundle, threads=1).run(pictures(SIZE)[:3])["logits"]) == 3


def test_one_that_cannot_become_any_is_refused(make: Make, tmp_path: Path) -> None:
    model = onnx.load_from_string(keras_like(batch=1, softmax=False))
    # All features in one row, and the first ones of it taken: the second image would be lost.
    product = next(node for node in model.graph.node if node.op_type == "MatMul")
    product.input[0] = "row"
    model.graph.node.insert(5, helper.make_node("Reshape", ["pooled", "target"], ["flat"]))
    model.graph.node.insert(6, helper.make_node("Slice", ["flat", "start", "end"], ["some"]))
    model.graph.node.insert(7, helper.make_node("Reshape", ["some", "again"], ["row"]))
    for name, values in {"target": [-1], "start": [0], "end": [10], "again": [-1, 10]}.items():
        model.graph.initializer.append(numpy_helper.from_array(np.array(values), name))
    with pytest.raises(ModelError, match=r"several images at once.*for 1 at a time.*dynamic first"):
        make(model.SerializeToString())
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]


def test_features_that_the_model_gives_are_the_embedding(make: Make) -> None:
    network = seeded(WithEmbedding)
    made = make(exported(network))
    images = pictures(SIZE)
    found = Engine(made.bundle, threads=1).run(images, ("embedding",))["embedding"]
    with torch.no_grad():
        _, expected = network(torch.from_numpy(made.feeding.prepare(images)))
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-4, atol=1e-5)


def test_half_precision_is_served_as_it_is(make: Make) -> None:
    made = make(keras_like(dtype=np.float16))
    assert made.feeding.dtype is np.float16
    assert made.wrapped.heat_maps == "closed form"
    assert made.difference < 1e-3


def test_grey_levels_as_bytes(make: Make) -> None:
    model = double_pool(scale=0.04)
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.UINT8
    model.graph.node.insert(0, helper.make_node("Cast", ["x"], ["floats"], to=TensorProto.FLOAT))
    model.graph.node[1].input[0] = "floats"
    made = make(model.SerializeToString(), scale=255.0)
    assert made.feeding.dtype is np.uint8
    assert not made.original.says_one_thing
    assert made.difference < 1e-5


def test_a_transformer_is_refused_and_nothing_is_written(make: Make, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="where it looked cannot be told"):
        make(exported(seeded(Patches)))
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]


def test_a_bundle_that_says_something_else_is_refused(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    front = graph._front

    def wrong(added: Added, feeding: Feeding, image: str) -> None:
        front(added, replace(feeding, scale=1.05), image)

    monkeypatch.setattr(graph, "_front", wrong)
    with pytest.raises(CheckFailed, match="differ from the model's by 0"):
        make(double_pool().SerializeToString())
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]


def test_one_whose_answers_change_is_refused(make: Make) -> None:
    model = double_pool()
    model.graph.node[-1].output[0] = "sure"
    model.graph.node.extend(
        [
            helper.make_node("RandomNormalLike", ["sure"], ["noise"]),
            helper.make_node("Add", ["sure", "noise"], ["y"]),
        ]
    )
    with pytest.raises(ModelError, match="in evaluation mode"):
        make(model.SerializeToString())


def test_one_fed_wrong_says_the_same_of_everything(make: Make) -> None:
    assert make(double_pool(scale=-1e-6).SerializeToString()).original.says_one_thing


def test_a_bundle_is_never_overwritten(tmp_path: Path, tiny_info: BundleInfo) -> None:
    with pytest.raises(UsageError, match="never overwritten"):
        bundle_from_onnx(
            tmp_path / "m.onnx",
            tmp_path,
            name="x",
            version="1",
            classes=tiny_info.classes,
            origin=ORIGIN,
        )


@pytest.mark.parametrize("origin", [Origin(" ", "CC0"), Origin("slices", "")])
def test_what_it_was_trained_on_must_be_said(
    tmp_path: Path, tiny_info: BundleInfo, origin: Origin
) -> None:
    with pytest.raises(UsageError, match="must be said"):
        bundle_from_onnx(
            tmp_path / "m.onnx",
            tmp_path / "b",
            name="x",
            version="1",
            classes=tiny_info.classes,
            origin=origin,
        )


def test_nothing_of_the_exporter_is_kept(make: Make, tmp_path: Path) -> None:
    model = double_pool()
    model.producer_name = model.doc_string = "/home/somebody/secret.py"
    model.graph.node[0].doc_string = "/home/somebody/secret.py"
    model.metadata_props.add(key="where", value="/home/somebody/secret.py")
    make(model.SerializeToString())
    assert b"secret" not in load_bundle(tmp_path / "bundle").read("model.onnx")


def test_names_of_the_model_do_not_clash_with_ours(make: Make) -> None:
    model = double_pool()
    renamed: dict[str, Any] = {"grid": "image", "flat": "heatmaps", "y": "embedding"}
    for node in model.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
    model.graph.output[0].name = "embedding"
    assert make(model.SerializeToString()).difference < 1e-5


def test_constants_that_are_inputs_too_are_constants(make: Make) -> None:
    model = double_pool()
    model.ir_version = 3
    model.opset_import[0].version = 11
    shape = [3, 4]
    model.graph.input.append(helper.make_tensor_value_info("weights", TensorProto.FLOAT, shape))
    assert make(model.SerializeToString()).difference < 1e-5


def _flattened(target: list[int], literal: int | None) -> onnx.ModelProto:
    """Return a network for one image at a time whose Flatten is a Reshape, as exporters write it.

    Without a target the shape is computed from that of the image.
    """
    model = double_pool()
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    flatten = model.graph.node[1]
    flatten.op_type = "Reshape"
    flatten.input.append("target")
    if literal is not None:
        model.opset_import[0].version = 14
        flatten.attribute.append(helper.make_attribute("allowzero", literal))
    if target:
        values = numpy_helper.from_array(np.array(target))
        model.graph.node.insert(0, helper.make_node("Constant", [], ["target"], value=values))
        return model
    rest = numpy_helper.from_array(np.array([4]), "rest")
    model.graph.initializer.extend([rest, numpy_helper.from_array(np.array([0]), "first")])
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "first"], ["batch"]),
        helper.make_node("Concat", ["batch", "rest"], ["target"], axis=0),
    ]
    for node in reversed(nodes):
        model.graph.node.insert(0, node)
    return model


@pytest.mark.parametrize(
    ("target", "literal"), [([1, 4], None), ([1, -1], 0), ([1, 4], 1), ([], None), ([], 1)]
)
def test_shapes_that_hold_the_number_of_images_are_freed(
    make: Make, target: list[int], literal: int | None
) -> None:
    made = make(_flattened(target, literal).SerializeToString())
    # The head is run for several positions at once, so its shapes must be free as well.
    assert made.wrapped.heat_maps == "finite step"
    assert made.difference < 1e-5
