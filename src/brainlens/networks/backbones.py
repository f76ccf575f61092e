"""Backbones by name."""

from collections.abc import Callable
from functools import partial
from typing import Any

from brainlens.networks.backbone import Backbone
from brainlens.networks.efficientnet_lite import VARIANTS, EfficientNetLite
from brainlens.networks.transformers_backbone import TransformersBackbone
from brainlens.networks.transformers_config import BUILT_IN_NAMES, PREFIX

_BACKBONES: dict[str, Callable[..., Backbone]] = {
    **{f"efficientnet_lite{v}": partial(EfficientNetLite, v) for v in VARIANTS},
    **{name: partial(TransformersBackbone, name) for name in BUILT_IN_NAMES},
}


def backbone_names() -> tuple[str, ...]:
    """Return the names that `create_backbone` knows, beside ``hf:NAME_OR_FOLDER``."""
    return tuple(_BACKBONES)


def is_backbone(name: str) -> bool:
    """Tell whether `create_backbone` knows a name."""
    return name in _BACKBONES or name.startswith(PREFIX)


def create_backbone(name: str, *, cut: bool = False, **options: Any) -> Backbone:
    """Build a backbone with fresh weights drawn from torch's current random state.

    Parameters
    ----------
    name
        One of `backbone_names`, or ``hf:NAME_OR_FOLDER``.
    cut
        Leave out what comes after stride 16.
    **options
        Options of that backbone, as `Backbone.options` holds them.
    """
    builder = _BACKBONES.get(name) or partial(TransformersBackbone, name)
    return builder(cut=cut, **options)
