"""Weights that a folder or the Hugging Face hub has, for one grey channel."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from brainlens.errors import InputError
from brainlens.networks.network import Origin
from brainlens.networks.transformers_config import PREFIX, reachable, require_transformers
from brainlens.networks.transformers_reach import probe

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def load_published(source: str, name: str, ours: nn.Module, places: Sequence[int]) -> Origin:
    """Take over the weights of a network that transformers knows.

    Parameters
    ----------
    source
        Folder, or name on the hub.
    name
        As shown to others.
    ours
        The network that takes them over, made for one channel, possibly cut.
    places
        Numbers of its outputs that are used.

    Raises
    ------
    MissingExtra
        If transformers is not installed.
    UsageError
        If folder or hub do not give them.
    InputError
        If they are weights of another network, or answer to a grey image otherwise than to the
        same in three channels.
    """
    require_transformers()
    with reachable(source), _quiet():
        theirs, missing = _read(source)
    state, wrong = _grey_state(theirs.state_dict(), ours.state_dict())
    if missing or wrong:
        names = ", ".join([*missing, *wrong][:3])
        raise InputError(
            f"The weights of {name} are of another network: {names} do not fit.",
            hint=f"Start from random weights (--init random), or name another {PREFIX}FOLDER.",
        )
    ours.load_state_dict(state)
    # In double precision: untrained layers can blow rounding up to any size.
    twin = copy.deepcopy(ours).double()
    twin.load_state_dict(_grey_state(theirs.double().state_dict(), twin.state_dict())[0])
    before, now = probe(theirs, getattr(theirs.config, "num_channels", 3)), probe(twin)
    for place in places:
        if not torch.allclose(before[place], now[place], atol=1e-3, rtol=1e-3):
            raise InputError(
                f"The first layer of {name} does not simply add up its three channels, so that it "
                "cannot be made one for grey images.",
                hint="Choose another network, or start from random weights (--init random).",
            )
    licence = "" if Path(source).is_dir() else "see the card on the Hugging Face hub"
    return Origin(name.removeprefix(PREFIX), licence, f"read from {name.removeprefix(PREFIX)}")


def _read(source: str) -> tuple["PreTrainedModel", list[str]]:
    """Return a network with its weights, and the names of those that were not there."""
    from transformers import AutoModel

    # Never a pickle.
    model, info = AutoModel.from_pretrained(
        source, output_loading_info=True, use_safetensors=True, dtype=torch.float32
    )
    return model.eval(), sorted(info["missing_keys"])


def _grey_state(
    theirs: Mapping[str, Tensor], ours: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], list[str]]:
    """Return their tensors that ours has, and the names of those that do not fit."""
    state, wrong = {}, []
    for name, own in ours.items():
        given = theirs.get(name)
        if given is not None and (given.shape[1:2], own.shape[1:2]) == ((3,), (1,)):
            given = given.sum(dim=1, keepdim=True)
        if given is None or given.shape != own.shape:
            wrong.append(name)
        else:
            state[name] = given
    return state, wrong


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back what transformers says of a classifier's weights, which are not wanted here."""
    from transformers.utils import logging

    level = logging.get_verbosity()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
    try:
        yield
    finally:
        logging.set_verbosity(level)
        logging.enable_progress_bar()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
