"""Building a network with transformers, and running it for the outputs of its layers."""

from typing import TYPE_CHECKING

from torch import Tensor, nn

from brainlens.errors import UsageError
from brainlens.networks.transformers_config import load_config

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# Some descriptions ask for 0.99, TensorFlow's share of the old average, which in torch is the share
# of the newest batch: the statistics would be those of the last few slices.
_MOMENTUM = 0.1


def build_model(config_text: str, name: str) -> "PreTrainedModel":
    """Build a network of a description, with fresh weights and one grey channel.

    Raises
    ------
    UsageError
        If transformers builds no network for images from it.
    """
    config = load_config(config_text)
    from transformers import AutoModel

    try:
        model: PreTrainedModel = AutoModel.from_config(config)  # type: ignore[no-untyped-call]  # transformers leaves it untyped
    except (ValueError, TypeError) as error:
        raise not_convolutional(name, "transformers builds no such network from it") from error
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = _MOMENTUM
    if norms and hasattr(config, "initializer_range"):
        _draw_anew(model)
    _make_grey(model)
    return model


def layers(model: nn.Module, image: Tensor) -> list[Tensor]:
    """Return what the network's layers yield, from input to output."""
    outputs = model(image, output_hidden_states=True, return_dict=True)
    found: list[Tensor] = list(outputs.hidden_states or ())
    last = getattr(outputs, "last_hidden_state", None)
    return found if last is None else [*found, last]


def not_convolutional(name: str, why: str) -> UsageError:
    """Return the refusal of a network."""
    return UsageError(
        f"{name} is no convolutional network for images: {why}.",
        hint="Choose one that is, for instance resnet18, efficientnet_b0, or a ConvNeXt, RegNet or "
        "MobileNet as hf:NAME_OR_FOLDER.",
    )


def _draw_anew(model: nn.Module) -> None:
    """Draw kernels by their size, and let normalisations begin as the identity.

    Some families draw all with one small deviation, the factors of batch normalisation among them
    (EfficientNet): what a layer gives is then far below the epsilon of the next normalisation, and
    an image is gone after a few layers.
    """
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.BatchNorm2d)):
            module.reset_parameters()


def _make_grey(model: nn.Module) -> None:
    """Replace a first kernel for three channels where the description had no say in it."""
    first = next((m for m in model.modules() if isinstance(m, nn.Conv2d)), None)
    if first is not None and first.in_channels == 3 and first.groups == 1:
        first.weight = nn.Parameter(first.weight.detach().sum(dim=1, keepdim=True))
        first.in_channels = 1
