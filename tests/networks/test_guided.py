"""A guided network classifies what its lesion map points at."""

import pytest
import torch
from torch import Tensor

from brainlens.networks import Network, create_network, network_names
from brainlens.networks.exported import ExportedNetwork
from brainlens.networks.guided import GuidedNetwork, _pooling_weights

NAME = "guided:efficientnet_lite0"


def _network(**options: bool | float) -> GuidedNetwork:
    torch.manual_seed(0)
    network = create_network(NAME, 3, **options)
    assert isinstance(network, GuidedNetwork)
    return network.eval()


def _image(size: int = 64, n: int = 2) -> Tensor:
    return torch.rand(n, 1, size, size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("size", [64, 72, 40])
def test_shapes(cut: bool, size: int) -> None:
    with torch.no_grad():
        outputs = (network := _network(cut=cut))(_image(size))
        maps = network.heatmaps(outputs)
    at8, at16 = -(-size // 8), -(-size // 16)
    assert outputs.logits.shape == (2, 3)
    assert outputs.embedding.shape == (2, 512)
    assert outputs.features.shape == (2, 256, at16, at16)
    assert outputs.lesion is not None
    assert outputs.lesion.shape == (2, 1, at8, at8)
    assert maps.shape == (2, 3, at16, at16)


def test_places_by_themselves_say_together_what_the_slice_says() -> None:
    network = _lively(_network())
    with torch.no_grad():
        outputs = network(_image())
        placed = network.placed_logits(outputs)
    assert outputs.lesion is not None
    assert placed.shape == (2, 3, 4, 4)
    assert placed.std(dim=(2, 3)).min() > 1e-3
    weights = _pooling_weights(outputs.lesion, outputs.features)
    together = (placed.flatten(2) * weights[:, None]).sum(2)
    torch.testing.assert_close(together, outputs.logits)


@pytest.mark.parametrize("cut", [False, True])
def test_heat_maps_are_the_gradient_times_the_features(cut: bool) -> None:
    network = _lively(_network(cut=cut))
    outputs = network(_image())
    # Places differ in what is taken for lesion, so the classifier's two parts do in their weight.
    assert outputs.lesion is not None
    assert torch.sigmoid(outputs.lesion).std() > 0.1
    maps = network.heatmaps(outputs)
    for c in range(3):
        (gradient,) = torch.autograd.grad(
            outputs.logits[:, c].sum(), outputs.features, retain_graph=True
        )
        expected = torch.relu((gradient * outputs.features).sum(1))
        assert expected.max() > 0
        assert torch.allclose(maps[:, c], expected, atol=1e-6)


def _lively(network: GuidedNetwork) -> GuidedNetwork:
    """Normalise by the image's own statistics, or a fresh network's map is flat; and stretch it."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    last = network.outline[-1]
    assert isinstance(last, torch.nn.Conv2d)
    assert last.bias is not None
    with torch.no_grad():
        network.train()(_image(n=8))
        last.weight.mul_(5)
        last.bias.fill_(0)
    return network.eval()


def test_the_classifier_looks_where_the_lesion_is() -> None:
    network = _network()
    grid = torch.full((1, 1, 8, 8), -20.0)
    grid[..., 2:4, 4:6] = 20.0  # one cell of stride 16, at row 1 and column 2
    features = torch.rand(1, 256, 4, 4)
    found = _pooled_under(network, grid, features)
    there, mean = features[0, :, 1, 2], features.mean((2, 3))[0]
    assert torch.allclose(found, (there + 0.5 * mean) / 1.5, atol=1e-5)


def test_a_missed_lesion_does_not_blind_it() -> None:
    network = _network()
    features = torch.rand(1, 256, 4, 4)
    found = _pooled_under(network, torch.full((1, 1, 8, 8), -20.0), features)
    assert torch.allclose(found, features.mean((2, 3))[0], atol=1e-5)


def _pooled_under(network: GuidedNetwork, lesion: Tensor, features: Tensor) -> Tensor:
    """Return the first half of the embedding of given features and a given lesion map."""

    class Given(torch.nn.Module):
        def __init__(self, value: Tensor) -> None:
            super().__init__()
            self.value = value

        def forward(self, *_: object) -> Tensor:
            return self.value

    network.merge = Given(features)  # type: ignore[assignment]  # stands in
    network.outline = Given(lesion)  # type: ignore[assignment]  # stands in
    with torch.no_grad():
        embedding = network(_image(n=1)).embedding
    return embedding[0, :256]


def test_no_gradient_of_the_classification_bends_the_map() -> None:
    network = _network()
    outputs = network(_image())
    assert outputs.lesion is not None
    outline = list(network.outline.parameters())

    def reached(by: Tensor) -> set[bool]:
        found = torch.autograd.grad(by.sum(), outline, retain_graph=True, allow_unused=True)
        return {gradient is not None for gradient in found}

    assert reached(outputs.logits) == {False}
    assert reached(outputs.lesion) == {True}


def test_a_fresh_map_says_that_little_is_lesion() -> None:
    lesion = _network()(_image(96)).lesion
    assert lesion is not None
    assert 0.001 < torch.sigmoid(lesion).mean() < 0.1


def test_the_exported_network_has_a_lesion_map() -> None:
    exported = ExportedNetwork(_network())
    assert exported.output_names[-1] == "lesion_map"
    with torch.no_grad():
        outputs = exported(_image())
        lesion = exported.network(_image()).lesion
    assert len(outputs) == len(exported.output_names) == 5
    assert lesion is not None
    assert torch.equal(outputs[-1], torch.sigmoid(lesion))
    assert "lesion_map" not in ExportedNetwork(create_network("simple_cnn", 2)).output_names


def test_options_build_the_same_again() -> None:
    network = _network(cut=True, dropout=0.4)
    network.set_input_scale(0.17, 0.23)
    again = create_network(network.name, 3, **network.options)
    assert again.options == network.options
    again.load_state_dict(network.state_dict())
    assert torch.equal(again.eval()(_image()).logits, network(_image()).logits)


def test_every_parameter_is_in_one_stage() -> None:
    network = _network()
    staged = [p for stage in network.stages() for m in stage.modules for p in m.parameters()]
    assert len(staged) == len(set(map(id, staged))) == len(list(network.parameters()))


def test_it_is_small() -> None:
    counts = {cut: _count(_network(cut=cut)) for cut in (False, True)}
    assert counts[True] < counts[False] < 6_100_000


def _count(network: Network) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    "wrong", [{"dropout": 1.0}, {"dropout": -0.1}, {"input_std": 0.0}, {"stride": 16}]
)
def test_wrong_options_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        create_network(NAME, 3, **wrong)


def test_one_class_and_strange_backbones_are_refused() -> None:
    with pytest.raises(ValueError, match="2 classes"):
        create_network(NAME, 1)
    with pytest.raises(ValueError, match="no network is called"):
        create_network("guided:simple_cnn", 3)
    assert NAME in network_names()


def test_outputs_without_a_map_are_refused() -> None:
    outputs = _network()(_image())._replace(lesion=None)
    with pytest.raises(ValueError, match="another network"):
        _network().heatmaps(outputs)
