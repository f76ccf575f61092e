"""Where a run's weights start from: drawn, published, or a file's."""

from pathlib import Path

import safetensors
import torch
from safetensors.torch import load as load_tensors

from brainlens.bundle.schema import NOTICE, StartWeights
from brainlens.errors import UsageError
from brainlens.files import sha256_bytes
from brainlens.networks import Network

RANDOM, IMAGENET = "random", "imagenet"
SUFFIX = ".safetensors"


def load_start(network: Network, init: str) -> StartWeights | None:
    """Give a network the weights that a run starts from.

    Parameters
    ----------
    network
        Freshly built: its weights are random.
    init
        ``random`` leaves them so. ``imagenet`` takes over what was published for the network.
        Else a file of tensors under the network's own names, as in a bundle; tensors of the last
        stage stay random where their shapes differ, for there may be other classes.

    Returns
    -------
    StartWeights
        Where they come from; None for random ones.

    Raises
    ------
    InputError
        If they cannot be had or do not fit; the hint says what to do.
    """
    if init == RANDOM:
        return None
    if init == IMAGENET:
        return StartWeights(**network.load_published()._asdict())
    return _load_file(network, Path(init))


def _load_file(network: Network, path: Path) -> StartWeights:
    try:
        data = path.read_bytes()
        state = load_tensors(data)
    except (OSError, safetensors.SafetensorError) as error:
        raise UsageError(
            f"The starting weights {path} cannot be read: {error}.",
            hint="Name a .safetensors file, for instance a bundle's weights.safetensors.",
        ) from error
    network.load_state_dict(_fitting(network, state, path))
    notice = path.with_name(NOTICE)
    lines = notice.read_text(encoding="utf-8").splitlines() if notice.is_file() else []
    return StartWeights(
        title=path.name, licence="", attribution="; ".join(lines), sha256=sha256_bytes(data)
    )


def _fitting(
    network: Network, state: dict[str, torch.Tensor], path: Path
) -> dict[str, torch.Tensor]:
    """Return the file's tensors, with the network's own for a last stage of other shape."""
    own = network.state_dict()
    last = {id(p) for module in network.stages()[-1].modules for p in module.parameters()}
    may_differ = {name for name, p in network.named_parameters() if id(p) in last}
    fitting, wrong = {}, sorted(set(state) - set(own))
    for name, value in own.items():
        given = state.get(name)
        if given is not None and given.shape == value.shape:
            fitting[name] = given.to(value.dtype)
        elif given is not None and name in may_differ:
            fitting[name] = value
        else:
            wrong.append(name)
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise UsageError(
            f"The weights in {path} do not fit {network.name}: {', '.join(wrong[:3])}{more} are "
            "missing, left over, or of another shape.",
            hint="Name the network and options that they were trained with, or start from random "
            "weights (--init random).",
        )
    return fitting
