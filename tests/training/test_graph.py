"""Every kind of network becomes a graph that gives what torch gave; `make_graph` compares them."""

from pathlib import Path
from typing import Any

import onnx
import onnxruntime as ort
import pytest
import torch
from torch import nn

from brainlens.networks import Network, create_network
from brainlens.training import graph
from brainlens.training.graph import make_graph, round_to_half, weights_of

SIDE = 64


def _alive(name: str, **options: Any) -> Network:
    """Return a network with running statistics as after training, so that nothing dies out."""
    torch.manual_seed(2)
    network = create_network(name, 3, **options)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        network.train()(torch.rand(8, 1, SIDE, SIDE))
    return network.eval()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("efficientnet_lite0", {"stride": 32}),
        ("efficientnet_lite1", {"stride": 16, "input_mean": 0.3, "input_std": 0.2}),
        ("resnet18", {"stride": 16}),
        ("efficientnet_b0", {"stride": 32}),
    ],
)
def test_the_graph_gives_what_torch_gives(name: str, options: dict[str, Any]) -> None:
    network = _alive(name, **options)
    with torch.no_grad():
        logits = network(torch.rand(3, 1, SIDE, SIDE)).logits
    assert logits.std() > 1e-2  # else the comparison in `make_graph` says nothing
    model = onnx.load_from_string(make_graph(network, SIDE, half=False))
    assert {entry.domain: entry.version for entry in model.opset_import}[""] == graph.OPSET
    batch = model.graph.input[0].type.tensor_type.shape.dim[0]
    assert batch.dim_param  # any number of slices


def test_half_precision_halves_what_is_stored() -> None:
    network = _alive("efficientnet_lite0", stride=16)
    network.load_state_dict({n: v.float() for n, v in round_to_half(network.state_dict()).items()})
    whole, half = (len(make_graph(network, SIDE, half=half)) for half in (False, True))
    assert half < 0.65 * whole


def test_a_graph_of_halves_runs_as_one_of_singles_does(tmp_path: Path) -> None:
    network = _alive("guided:efficientnet_lite0")
    network.load_state_dict({n: v.float() for n, v in round_to_half(network.state_dict()).items()})
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "loaded.onnx")
    # It warns that such a file fits this machine's processor only.
    options.log_severity_level = 4
    graph_of_halves = make_graph(network, SIDE, half=True)
    ort.InferenceSession(graph_of_halves, options, providers=["CPUExecutionProvider"])
    left = {node.op_type for node in onnx.load(tmp_path / "loaded.onnx").graph.node}
    # Done once, when the graph is loaded, not at every run.
    assert not left & {"Cast", "BatchNormalization", "Expand"}


def test_a_graph_of_halves_gives_the_weights_back_as_they_were() -> None:
    network = _alive("guided:efficientnet_lite0")
    stored = round_to_half(network.state_dict())
    network.load_state_dict({name: value.float() for name, value in stored.items()})
    found = weights_of(make_graph(network, SIDE, half=True))
    assert set(found) == {name for name in stored if not name.endswith("num_batches_tracked")}
    for name, value in found.items():
        assert value.dtype == stored[name].dtype
        assert torch.equal(value, stored[name])
