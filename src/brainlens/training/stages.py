"""Which stages of a network learn, and how fast each."""

from collections.abc import Iterable
from typing import Any

from torch import nn
from torch.nn import Parameter

from brainlens.errors import UsageError
from brainlens.networks import Network


def freeze(network: Network, upto: int | str) -> tuple[nn.Module, ...]:
    """Keep the first stages as they are.

    Parameters
    ----------
    network
        Its parameters of those stages no longer ask for gradients.
    upto
        How many stages, counted from the input; or the name of the last one to keep.

    Returns
    -------
    tuple
        The frozen modules. While training they must be in evaluation mode, or their running
        statistics would move all the same.

    Raises
    ------
    UsageError
        If there is no such stage, or none would be left to learn.
    """
    stages = network.stages()
    names = [stage.name for stage in stages]
    if isinstance(upto, str) and upto not in names[:-1]:
        raise UsageError(
            f"{network.name} cannot be frozen up to {upto!r}.",
            hint=f"Choose one of its stages: {', '.join(names[:-1])}.",
        )
    count = upto if isinstance(upto, int) else names.index(upto) + 1
    if count >= len(stages):
        raise UsageError(
            f"{network.name} has {len(stages)} stages; with {count} frozen none would learn.",
            hint=f"Freeze at most {len(stages) - 1}: {', '.join(names[:-1])}.",
        )
    frozen = tuple(module for stage in stages[:count] for module in stage.modules)
    for module in frozen:
        module.requires_grad_(False)
    return frozen


def parameter_groups(
    network: Network, learning_rate: float, decay: float
) -> Iterable[Parameter] | list[dict[str, Any]]:
    """Return what an optimiser takes: the parameters that learn, each with its learning rate.

    Parameters
    ----------
    network
        Some of its stages may be frozen.
    learning_rate
        Of the last stage.
    decay
        Each stage learns at this share of the rate of the stage behind it; 1 is one rate for all.
    """
    if decay == 1:
        return [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups: list[dict[str, Any]] = []
    placed: set[int] = set()
    for behind, stage in enumerate(reversed(network.stages())):
        parameters = [p for module in stage.modules for p in module.parameters() if p.requires_grad]
        placed |= {id(parameter) for parameter in parameters}
        groups.append({"params": parameters, "lr": learning_rate * decay**behind})
    # A network of the user's own may hold parameters outside its stages.
    rest = [p for p in network.parameters() if p.requires_grad and id(p) not in placed]
    groups.append({"params": rest, "lr": learning_rate})
    return [group for group in groups if group["params"]]
