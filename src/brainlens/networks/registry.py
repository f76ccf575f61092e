"""Networks by name."""

from typing import Any

from brainlens.networks.backbones import backbone_names, is_backbone
from brainlens.networks.guided import PREFIX, GuidedNetwork
from brainlens.networks.network import Network
from brainlens.networks.own import create_own, is_own
from brainlens.networks.pooled import PooledNetwork
from brainlens.networks.simple_cnn import SimpleCNN

_NETWORKS: dict[str, type[Network]] = {network.name: network for network in (SimpleCNN,)}


def network_names() -> tuple[str, ...]:
    """Return the names that `create_network` knows, sorted."""
    guided = (PREFIX + name for name in backbone_names())
    return tuple(sorted([*_NETWORKS, *backbone_names(), *guided]))


def create_network(name: str, n_classes: int, **options: Any) -> Network:
    """Build a network with fresh weights drawn from torch's current random state.

    Parameters
    ----------
    name
        One of `network_names`; ``hf:NAME_OR_FOLDER`` for a network of Hugging Face transformers;
        ``package.module:factory`` for one of the user's own, which is imported.
    n_classes
        Number of outputs, at least 2.
    **options
        Options of that architecture; those left out take its defaults.

    Raises
    ------
    ValueError
        If the name is unknown, or an option is unknown or out of range.
    InputError
        If a network that is not built in cannot be had.
    """
    try:
        if name in _NETWORKS:
            return _NETWORKS[name](n_classes, **options)
        if is_backbone(name):
            return PooledNetwork(name, n_classes, **options)
        if name.startswith(PREFIX) and is_backbone(name.removeprefix(PREFIX)):
            return GuidedNetwork(name, n_classes, **options)
        if is_own(name):
            return create_own(name, n_classes, **options)
    except TypeError as error:
        raise ValueError(f"{name}: {error}") from error
    raise ValueError(f"no network is called {name!r}; there are: {', '.join(network_names())}")
