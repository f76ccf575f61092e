"""What a dry run tells of a network: where its strides end, and which layers each needs."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from brainlens.networks.transformers_model import layers, not_convolutional

_SIDE = 64
_NEEDED = (8, 16, 32)


class Reach(NamedTuple):
    """Found by a dry run.

    Attributes
    ----------
    place
        Of each stride, the number of the last output that has it; see `layers`.
    channels
        Of the outputs at strides 8, 16 and 32.
    modules
        Of each stride, names of the modules it needs that no smaller stride needs.
    unused
        Names of the modules that none needs.
    sums
        Of the outputs at strides 8, 16 and 32 in the dry run.
    """

    place: dict[int, int]
    channels: tuple[int, ...]
    modules: dict[int, tuple[str, ...]]
    unused: tuple[str, ...]
    sums: tuple[float, ...]


def dry_run(model: nn.Module, name: str) -> Reach:
    """Run the network on an image and see what comes out.

    Raises
    ------
    UsageError
        If it is not convolutional: it has attention, or gives no maps at strides 8, 16 and 32.
    """
    attention = [
        kind for module in model.modules() if "Attention" in (kind := type(module).__name__)
    ]
    if attention:
        raise not_convolutional(name, f"it has attention ({attention[0]})")
    try:
        outputs = probe(model)
    except (RuntimeError, ValueError, TypeError, AttributeError) as error:
        why = f"it does not take a grey image of {_SIDE} pixels ({error})"
        raise not_convolutional(name, why) from error
    place = {
        _SIDE // output.shape[-1]: number
        for number, output in enumerate(outputs)
        if output.ndim == 4 and output.shape[-1] == output.shape[-2]
    }
    missing = [str(stride) for stride in _NEEDED if stride not in place]
    if missing:
        raise not_convolutional(name, f"it gives no features at stride {', '.join(missing)}")
    place = {stride: place[stride] for stride in sorted(place) if stride <= _NEEDED[-1]}
    maps = [outputs[place[stride]] for stride in _NEEDED]
    modules, unused = _by_stride(model, {s: outputs[number] for s, number in place.items()})
    sums = tuple(float(features.detach().sum()) for features in maps)
    return Reach(place, tuple(features.shape[1] for features in maps), modules, unused, sums)


def probe(model: nn.Module, channels: int = 1) -> list[Tensor]:
    """Return what the layers yield for a small grey image, in evaluation mode."""
    training = model.training
    model.eval()
    # Not from torch's own random state: building a network draws its weights from it, no more.
    own = torch.Generator().manual_seed(0)
    image = torch.randn(1, 1, _SIDE, _SIDE, generator=own).repeat(1, channels, 1, 1)
    image = image.to(next(model.parameters()).dtype)
    try:
        with (
            torch.enable_grad()
        ):  # whatever the caller does: which layers are needed is asked of it
            return layers(model, image)
    finally:
        model.train(training)


def _by_stride(
    model: nn.Module, outputs: dict[int, Tensor]
) -> tuple[dict[int, tuple[str, ...]], tuple[str, ...]]:
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    left = set(names.values())
    groups: dict[int, tuple[str, ...]] = {}
    for stride, output in outputs.items():
        needed = {names[leaf] for leaf in _leaves(output)} & left
        left -= needed
        groups[stride] = _whole_modules(model, needed)
    return groups, _whole_modules(model, left)


def _leaves(output: Tensor) -> set[int]:
    """Return the identities of the parameters that an output was computed from."""
    ahead, known, leaves = [output.grad_fn], {output.grad_fn}, set()
    while ahead:
        step = ahead.pop()
        if step is None:
            continue
        if hasattr(step, "variable"):
            leaves.add(id(step.variable))
        before = {function for function, _ in step.next_functions} - known
        known |= before
        ahead += before
    return leaves


def _whole_modules(model: nn.Module, parameters: set[str], at: str = "") -> tuple[str, ...]:
    """Return the largest modules all of whose parameters are among those named."""
    module = model.get_submodule(at)
    own = [name for name, _ in module.named_parameters(prefix=at)]
    # What others walk through must stay a list.
    listed = isinstance(module, (nn.ModuleList, nn.Sequential))
    if own and parameters.issuperset(own) and not listed:
        return (at,)
    parts = (f"{at}.{name}" if at else name for name, _ in module.named_children())
    return tuple(name for part in parts for name in _whole_modules(model, parameters, part))
