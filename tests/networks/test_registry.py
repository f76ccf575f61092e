import pytest

from brainlens.networks import create_network, network_names


def test_every_name_builds_what_its_options_describe() -> None:
    for name in network_names():
        network = create_network(name, 3)
        again = create_network(network.name, 3, **network.options)
        assert network.name == name
        assert again.options == network.options
        shapes = [
            {key: value.shape for key, value in n.state_dict().items()} for n in (network, again)
        ]
        assert shapes[0] == shapes[1]


def test_an_unknown_name_lists_those_that_exist() -> None:
    with pytest.raises(ValueError, match=r"'resnet'.*simple_cnn"):
        create_network("resnet", 3)


def test_an_unknown_option_is_named() -> None:
    with pytest.raises(ValueError, match=r"simple_cnn.*depth"):
        create_network("simple_cnn", 3, depth=4)
