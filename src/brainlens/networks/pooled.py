"""PooledNetwork: average pooling, dropout and one linear layer on the features of a backbone."""

from typing import Any

import torch
from torch import Tensor, nn

from brainlens.networks.backbones import create_backbone
from brainlens.networks.network import Network, Origin, Outputs, Stage

STRIDES = (16, 32)


class PooledNetwork(Network):
    """A backbone and a linear classifier of its pooled features.

    Parameters
    ----------
    name
        The backbone's name.
    n_classes
        Number of outputs, at least 2.
    stride
        Stride of the features that are pooled, and so of the heat maps: 32, or 16, for which the
        backbone's last part is left out. Stretching that part over the finer grid (dilation)
        would keep its weights, but its cost, a third of EfficientNet-Lite0's, would be four times
        as high.
    dropout
        Share of pooled features dropped while training, in [0, 1).
    input_mean, input_std
        Images come as (share of white − mean) / std; see `Network.set_input_scale`.
    **options
        Options of the backbone.

    Raises
    ------
    ValueError
        If an option is out of range.
    """

    def __init__(
        self,
        name: str,
        n_classes: int,
        *,
        stride: int = 32,
        dropout: float = 0.2,
        input_mean: float = 0.0,
        input_std: float = 1.0,
        **options: Any,
    ) -> None:
        if n_classes < 2:
            raise ValueError(f"a classifier needs at least 2 classes, not {n_classes}")
        if stride not in STRIDES:
            raise ValueError(f"stride is 16 or 32, not {stride}")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout lies in [0, 1), not {dropout}")
        if input_std <= 0:
            raise ValueError(f"input_std is positive, not {input_std}")
        super().__init__()
        self.backbone = create_backbone(name, cut=stride == 16, **options)
        self.name = self.backbone.name
        self.options = {"stride": stride, "dropout": dropout, **self.backbone.options}
        self.set_input_scale(input_mean, input_std)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(self.backbone.channels[-1], n_classes)

    def forward(self, image: Tensor) -> Outputs:
        """Return the outputs for ``image``, float [N, 1, H, W] with H, W ≥ 32."""
        pyramid = self.backbone(image)
        features = pyramid.maps[-1]
        embedding = self.pool(features).flatten(1)
        logits = self.classifier(self.dropout(embedding))
        return Outputs(logits, embedding, features, early=pyramid.early)

    def heatmaps(self, outputs: Outputs) -> Tensor:
        """Return the heat map of every class, float [N, C, h, w]; see `Network.heatmaps`.

        With logits = W·mean(A) + b, the gradient of logit c with respect to A_k is W_ck / (h·w) at
        every position.
        """
        height, width = outputs.features.shape[-2:]
        products = self.classifier.weight @ outputs.features.flatten(2)
        maps = torch.relu(products / (height * width))
        return maps.reshape(*maps.shape[:2], height, width)

    def stages(self) -> tuple[Stage, ...]:
        """Return the backbone's stages and the classifier."""
        return (*self.backbone.stages(), Stage("classifier", (self.classifier,)))

    def set_input_scale(self, mean: float, std: float) -> None:
        """Say that images come as (share of white − ``mean``) / ``std``."""
        self.options |= {"input_mean": mean, "input_std": std}
        self.backbone.set_input_scale(mean, std)

    def load_published(self) -> Origin:
        """Take over the backbone's published weights; the classifier stays as it is."""
        return self.backbone.load_published()
