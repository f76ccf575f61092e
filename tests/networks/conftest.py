"""Small networks of transformers, saved as a user's folder would be; no hub is asked."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

KINDS: dict[str, dict[str, Any]] = {
    "resnet": {
        "embedding_size": 8,
        "hidden_sizes": [8, 12, 16, 24],
        "depths": [1, 1, 2, 1],
        "layer_type": "basic",
    },
    "efficientnet": {"width_coefficient": 0.25, "depth_coefficient": 0.4, "hidden_dim": 320},
    "convnext": {"hidden_sizes": [8, 12, 16, 24], "depths": [1, 1, 1, 1]},
    "regnet": {
        "embedding_size": 8,
        "hidden_sizes": [8, 16, 24, 32],
        "depths": [1, 1, 1, 1],
        "groups_width": 8,
    },
    "mobilenet_v2": {"depth_multiplier": 0.25},
    # Does not ask its description how many channels images have.
    "textnet": {
        "stem_out_channels": 8,
        "hidden_sizes": [8, 8, 12, 16, 24],
        "conv_layer_kernel_sizes": [[[3, 3]], [[1, 3]], [[3, 3]], [[3, 1]]],
        "conv_layer_strides": [[2], [2], [2], [2]],
    },
}


@pytest.fixture(scope="session")
def hf_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return ``folder(kind)``: a folder that ``save_pretrained`` wrote."""
    folders: dict[str, Path] = {}

    def folder(kind: str) -> Path:
        if kind not in folders:
            folders[kind] = tmp_path_factory.mktemp("hf") / kind
            save_network(kind, KINDS[kind], folders[kind])
        return folders[kind]

    return folder


def save_network(kind: str, options: dict[str, Any], folder: Path) -> None:
    from transformers import AutoConfig, AutoModel

    torch.manual_seed(3)
    config = AutoConfig.for_model(kind, **options)
    model = AutoModel.from_config(config)  # type: ignore[no-untyped-call]  # transformers leaves it untyped
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.BatchNorm2d)):
            module.reset_parameters()
    settle_statistics(model, torch.rand(8, 3, 64, 64))
    model.save_pretrained(folder)


def settle_statistics(model: nn.Module, images: torch.Tensor) -> None:
    """Set running statistics as training would, so that nothing dies out on its way."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        model.train()(images)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.eval()
