import pytest
import torch

from brainlens.networks import create_network
from brainlens.training.weight_average import WeightAverage


def test_it_follows_by_the_formula() -> None:
    network = create_network("simple_cnn", 2, channels=[2, 2, 2, 2, 2], hidden=2)
    average = WeightAverage(network, 0.5)
    bias = network.state_dict()["classifier.bias"]
    expected = bias.clone()
    values = []
    for step in range(40):
        bias.fill_(float(step))
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * step
        average.follow(network, step)
        values.append(decay)
        assert torch.allclose(average.network.state_dict()["classifier.bias"], expected)
    assert values[0] == pytest.approx(0.1)
    assert values[-1] == 0.5


def test_running_statistics_follow_and_counters_are_copied() -> None:
    network = create_network("simple_cnn", 2, channels=[2, 2, 2, 2, 2], hidden=2)
    average = WeightAverage(network, 0.9)
    network(torch.rand(4, 1, 32, 32))
    before = average.network.state_dict()["blocks.0.1.running_mean"].clone()
    now = network.state_dict()["blocks.0.1.running_mean"]
    average.follow(network, 1000)
    state = average.network.state_dict()
    assert torch.allclose(state["blocks.0.1.running_mean"], 0.9 * before + 0.1 * now)
    assert state["blocks.0.1.num_batches_tracked"] == 1


def test_it_is_not_trained_itself() -> None:
    average = WeightAverage(create_network("simple_cnn", 2), 0.9)
    assert not any(parameter.requires_grad for parameter in average.parameters())
