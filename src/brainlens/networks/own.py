"""A network of the user's own, as ``package.module:factory``."""

import importlib
from typing import Any

from brainlens.errors import UsageError
from brainlens.networks.network import Network

_NOT_MODULES = ("hf", "guided")  # what other names with a colon begin with


def is_own(name: str) -> bool:
    """Tell whether a name has the form ``package.module:factory``."""
    module, _, factory = name.partition(":")
    words = [*module.split("."), factory]
    return module not in _NOT_MODULES and all(map(str.isidentifier, words))


def create_own(name: str, n_classes: int, **options: Any) -> Network:
    """Build a network by calling ``factory(n_classes, **options)`` of the module named.

    The module is imported here and nowhere else: whoever names it trusts it.

    Raises
    ------
    UsageError
        If the module does not import, has no such callable, or that gives no `Network`.
    """
    module_name, _, factory_name = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # whatever the user's module raises
        raise UsageError(
            f"{module_name} cannot be imported: {type(error).__name__}: {error}.",
            hint="Install the package, or put its folder on PYTHONPATH.",
        ) from error
    factory = getattr(module, factory_name, None)
    if not callable(factory):
        raise UsageError(
            f"{module_name} has no callable {factory_name}.",
            hint="Name a function or class that takes the number of classes: "
            "--network package.module:factory.",
        )
    network = factory(n_classes, **options)
    if not isinstance(network, Network):
        raise UsageError(
            f"{name} gives a {type(network).__name__}, which is no brainlens.networks.Network.",
            hint="Derive the network from it; docs/networks.md shows how.",
        )
    # It is built again by this name, from a checkpoint as from a bundle.
    network.name = name
    return network
