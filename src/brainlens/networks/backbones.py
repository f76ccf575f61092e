"""Backbones by name."""

from collections.abc import Callable
from functools import partial
from typing import Any

from brainlens.networks.backbone import Backbone
from brainlens.networks.efficientnet_lite import VARIANTS, EfficientNetLite

_BACKBONES: dict[str, Callable[..., Backbone]] = {
    f"efficientnet_lite{variant}": partial(EfficientNetLite, variant) for variant in VARIANTS
}


def backbone_names() -> tuple[str, ...]:
    """Return the names that `create_backbone` knows."""
    return tuple(_BACKBONES)


def create_backbone(name: str, *, cut: bool = False, **options: Any) -> Backbone:
    """Build a backbone with fresh weights drawn from torch's current random state.

    Parameters
    ----------
    name
        One of `backbone_names`.
    cut
        Leave out what comes after stride 16.
    **options
        Options of that backbone, as `Backbone.options` holds them.
    """
    return _BACKBONES[name](cut=cut, **options)
