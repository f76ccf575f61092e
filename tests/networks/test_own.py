from pathlib import Path

import pytest
import torch

from brainlens.errors import UsageError
from brainlens.networks import Network, Outputs, create_network, is_own

MODULE = """
from brainlens.networks import create_network

number = 3


def factory(n_classes, **options):
    return create_network("simple_cnn", n_classes, channels=[4] * 5, **options)


def no_network(n_classes):
    return [n_classes]
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "networks_of_mine.py").write_text(MODULE)
    (tmp_path / "broken_networks.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    return "networks_of_mine"


def test_a_factory_is_called_with_classes_and_options(module: str) -> None:
    name = f"{module}:factory"
    network = create_network(name, 4, hidden=6)
    assert isinstance(network, Network)
    # By this name it is built again.
    assert network.name == name
    assert create_network(name, 4, **{"hidden": network.options["hidden"]}).name == name
    assert network(torch.rand(1, 1, 32, 32)).logits.shape == (1, 4)
    assert Outputs._fields[:2] == ("logits", "embedding")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no_such_module_here:factory", "no_such_module_here cannot be imported"),
        ("broken_networks:factory", "ZeroDivisionError"),
        ("networks_of_mine:missing", "no callable missing"),
        ("networks_of_mine:number", "no callable number"),
        ("networks_of_mine:no_network", "gives a list"),
    ],
)
def test_what_is_no_network_says_why(module: str, name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        create_network(name, 3)
    assert caught.value.hint


def test_an_option_that_the_factory_does_not_take(module: str) -> None:
    with pytest.raises(ValueError, match="depth"):
        create_network(f"{module}:factory", 3, depth=4)


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("package.module:factory", True),
        ("module:Class", True),
        ("module", False),
        ("module:", False),
        (":factory", False),
        ("a/b:factory", False),
        ("hf:resnet", False),
        ("guided:resnet18", False),
    ],
)
def test_names_of_ones_own(name: str, own: bool) -> None:
    assert is_own(name) is own


def test_a_name_that_is_nothing_imports_nothing() -> None:
    with pytest.raises(ValueError, match="no network is called 'guided:nothing'"):
        create_network("guided:nothing", 3)
