import numpy as np
import pytest
import torch
from captum.attr import LayerGradientXActivation
from torch import Tensor, nn

from brainlens.networks import Network, create_network
from brainlens.networks.exported import ExportedNetwork
from brainlens.networks.simple_cnn import SimpleCNN

N_CLASSES = 4


@pytest.fixture
def network() -> Network:
    torch.manual_seed(0)
    network = create_network("simple_cnn", N_CLASSES, channels=[4, 8, 8, 8, 16], hidden=12)
    # Batch statistics as after training, so that evaluation mode is not the identity.
    for _ in range(3):
        network(torch.rand(8, 1, 96, 96))
    return network.eval()


def test_shapes_follow_the_input(network: Network) -> None:
    outputs = network(torch.rand(2, 1, 96, 64))
    assert outputs.logits.shape == (2, N_CLASSES)
    assert outputs.embedding.shape == (2, 16)
    assert outputs.features.shape == (2, 16, 3, 2)
    assert network.heatmaps(outputs).shape == (2, N_CLASSES, 3, 2)


def test_default_is_five_blocks_of_about_a_million_weights() -> None:
    network = SimpleCNN(3)
    kinds = [[type(layer) for layer in block.children()] for block in network.blocks]
    assert kinds == [[nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.MaxPool2d]] * 5
    assert sum(p.numel() for p in network.parameters()) == 1_011_939


def test_embedding_is_what_the_classifier_looks_at(network: Network) -> None:
    outputs = network(torch.rand(2, 1, 64, 64))
    assert torch.allclose(outputs.embedding, outputs.features.mean(dim=(2, 3)), atol=1e-6)


def test_dropout_acts_in_training_only(network: Network) -> None:
    image = torch.rand(2, 1, 64, 64)
    assert torch.equal(network(image).logits, network(image).logits)
    network.train()
    torch.manual_seed(1)
    first = network(image).logits
    assert not torch.equal(first, network(image).logits)


def _autograd_maps(network: Network, image: Tensor) -> Tensor:
    """HiResCAM by its definition: gradient times features, summed over channels, positive."""
    maps = []
    for c in range(N_CLASSES):
        outputs = network(image)
        (gradient,) = torch.autograd.grad(outputs.logits[:, c].sum(), outputs.features)
        maps.append(torch.relu((gradient * outputs.features).sum(dim=1)))
    return torch.stack(maps, dim=1).detach()


def test_heatmaps_equal_autograd(network: Network) -> None:
    image = torch.rand(5, 1, 96, 96)
    expected = _autograd_maps(network, image)
    assert expected.max() > 1e-3  # else the comparison says nothing
    assert torch.allclose(network.heatmaps(network(image)), expected, atol=1e-4, rtol=0)
    assert torch.allclose(network.heatmaps(network(image)), expected, atol=1e-7, rtol=1e-4)


def test_heatmaps_equal_captum(network: Network) -> None:
    assert isinstance(network, SimpleCNN)
    image = torch.rand(3, 1, 96, 96)
    attribution = LayerGradientXActivation(lambda x: network(x).logits, network.blocks[-1])
    maps = network.heatmaps(network(image))
    for c in range(N_CLASSES):
        products = attribution.attribute(image, target=c)
        assert isinstance(products, Tensor)
        expected = torch.relu(products.sum(dim=1)).detach()
        assert torch.allclose(maps[:, c], expected, atol=1e-4, rtol=0)


def test_a_map_without_positive_evidence_stays_zero(network: Network) -> None:
    assert isinstance(network, SimpleCNN)
    with torch.no_grad():
        network.classifier.weight.copy_(-network.classifier.weight.abs())
        network.hidden.weight.copy_(network.hidden.weight.abs())
    maps = network.heatmaps(network(torch.rand(2, 1, 96, 96)))
    assert torch.equal(maps, torch.zeros_like(maps))


def test_exported_network_gives_all_outputs_in_evaluation_mode(network: Network) -> None:
    image = torch.rand(2, 1, 64, 64)
    network.train()
    logits, embedding, heatmaps, statistics = ExportedNetwork(network)(image)
    assert not network.training
    outputs = network(image)
    assert torch.equal(logits, outputs.logits)
    assert torch.equal(embedding, outputs.embedding)
    assert torch.equal(heatmaps, network.heatmaps(outputs))
    second, third = outputs.early
    assert second.shape[-2:] == (16, 16)
    assert third.shape[-2:] == (8, 8)
    expected = [
        moment
        for layer in (second, third)
        for moment in (layer.mean((2, 3)), layer.std((2, 3), correction=0))
    ]
    assert torch.allclose(statistics, torch.cat(expected, dim=1), atol=1e-6)


@pytest.mark.parametrize(
    ("n_classes", "options", "message"),
    [
        (1, {}, "at least 2 classes"),
        (3, {"channels": [8, 8]}, "5 positive channel counts"),
        (3, {"channels": [8, 8, 0, 8, 8]}, "5 positive channel counts"),
        (3, {"hidden": 0}, "positive hidden width"),
        (3, {"dropout": 1.0}, "dropout"),
    ],
)
def test_options_out_of_range_are_refused(
    n_classes: int, options: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        create_network("simple_cnn", n_classes, **options)


def test_weights_come_from_torchs_random_state() -> None:
    def first_kernel() -> object:
        torch.manual_seed(5)
        return np.asarray(next(SimpleCNN(2).parameters()).detach())

    np.testing.assert_array_equal(first_kernel(), first_kernel())
