from collections.abc import Callable
from typing import Any

import pytest
import torch

from brainlens.errors import UsageError
from brainlens.networks import Network, create_network
from brainlens.training.config import TrainConfig
from brainlens.training.module import Classifier
from brainlens.training.stages import freeze, parameter_groups


@pytest.fixture
def network() -> Network:
    return create_network("simple_cnn", 3, channels=[4, 4, 4, 4, 4], hidden=4)


@pytest.mark.parametrize(("upto", "count"), [(0, 0), (2, 2), ("block3", 3), ("hidden", 6)])
def test_the_first_stages_are_frozen(network: Network, upto: int | str, count: int) -> None:
    frozen = freeze(network, upto)
    stages = network.stages()
    assert frozen == tuple(module for stage in stages[:count] for module in stage.modules)
    asks = [{p.requires_grad for m in stage.modules for p in m.parameters()} for stage in stages]
    assert asks == [{False}] * count + [{True}] * (len(stages) - count)


@pytest.mark.parametrize("upto", [7, 99, "classifier", "stem"])
def test_something_must_be_left_to_learn(network: Network, upto: int | str) -> None:
    with pytest.raises(UsageError, match="simple_cnn") as caught:
        freeze(network, upto)
    assert "block1, block2, block3, block4, block5, hidden." in caught.value.hint


def test_running_statistics_of_frozen_stages_stay(
    network: Network, make_config: Callable[..., TrainConfig]
) -> None:
    module = Classifier(network, make_config(freeze="block2"))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network(torch.rand(4, 1, 32, 32))
    moved = {n for n, v in network.state_dict().items() if not torch.equal(v, before[n])}
    assert {name.split(".")[1] for name in moved} == {"2", "3", "4"}
    assert not module.eval().network.training


def test_one_rate_is_what_it_always_was(network: Network) -> None:
    groups = list(parameter_groups(network, 0.1, 1.0))
    assert [id(p) for p in groups] == [id(p) for p in network.parameters()]


def test_each_stage_learns_at_a_share_of_the_rate_of_the_stage_behind(network: Network) -> None:
    freeze(network, 2)
    groups: list[Any] = list(parameter_groups(network, 0.1, 0.5))
    rates = {id(parameter): group["lr"] for group in groups for parameter in group["params"]}
    expected = {
        id(parameter): 0.1 * 0.5 ** (6 - number)
        for number, stage in enumerate(network.stages())
        for module in stage.modules
        for parameter in module.parameters()
        if number >= 2
    }
    assert rates == pytest.approx(expected)


def test_what_belongs_to_no_stage_learns_at_the_full_rate(network: Network) -> None:
    network.scale = torch.nn.Parameter(torch.ones(1))
    *_, last = parameter_groups(network, 0.1, 0.5)
    assert isinstance(last, dict)
    assert (last["params"], last["lr"]) == ([network.scale], 0.1)
