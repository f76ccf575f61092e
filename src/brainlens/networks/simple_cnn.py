"""SimpleCNN: five plain convolution blocks and a two-layer classifier."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from brainlens.networks.network import Network, Outputs, Stage

BLOCKS = 5
_EARLY = slice(1, 3)
"""The second and third block: the first sees little but noise, the fourth whole structures."""


class SimpleCNN(Network):
    """Five blocks of 3×3 convolution, batch normalisation, ReLU and 2×2 max pooling.

    Then average pooling to one value a channel, and a classifier of two fully connected layers
    with dropout between them. About one million parameters as configured by default.

    Parameters
    ----------
    n_classes
        Number of outputs, at least 2.
    channels
        Output channels of the five blocks.
    hidden
        Width of the classifier's hidden layer.
    dropout
        Share of hidden units dropped while training, in [0, 1). A half is the usual choice
        between two fully connected layers; pooled features need none.

    Raises
    ------
    ValueError
        If an option is out of range.
    """

    name = "simple_cnn"

    def __init__(
        self,
        n_classes: int,
        *,
        channels: Sequence[int] = (32, 64, 128, 256, 256),
        hidden: int = 128,
        dropout: float = 0.5,
    ) -> None:
        if n_classes < 2:
            raise ValueError(f"a classifier needs at least 2 classes, not {n_classes}")
        if len(channels) != BLOCKS or min(channels) < 1 or hidden < 1:
            raise ValueError(f"{BLOCKS} positive channel counts and a positive hidden width needed")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout lies in [0, 1), not {dropout}")
        super().__init__()
        self.options = {"channels": list(channels), "hidden": hidden, "dropout": dropout}
        self.blocks = nn.Sequential(
            *(_block(before, after) for before, after in pairwise([1, *channels]))
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.hidden = nn.Linear(channels[-1], hidden)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(hidden, n_classes)

    def forward(self, image: Tensor) -> Outputs:
        """Return the outputs for ``image``, float [N, 1, H, W] with H, W ≥ 32."""
        features = image
        outputs = [features := block(features) for block in self.blocks]
        embedding = self.pool(features).flatten(1)
        hidden = torch.relu(self.hidden(embedding))
        logits = self.classifier(self.dropout(hidden))
        return Outputs(logits, embedding, features, early=tuple(outputs[_EARLY]))

    def stages(self) -> tuple[Stage, ...]:
        """Return the blocks and the two layers of the classifier."""
        blocks = (Stage(f"block{n}", (block,)) for n, block in enumerate(self.blocks, start=1))
        ends = (Stage("hidden", (self.hidden,)), Stage("classifier", (self.classifier,)))
        return (*blocks, *ends)

    def heatmaps(self, outputs: Outputs) -> Tensor:
        """Return the heat map of every class, float [N, C, h, w]; see `Network.heatmaps`.

        With z = W₁·mean(A) + b₁ and logits = W₂·ReLU(z) + b₂, the gradient of logit c with
        respect to A_k is the same at every position: W₂·diag(z > 0)·W₁ / (h·w).
        """
        height, width = outputs.features.shape[-2:]
        active = (self.hidden(outputs.embedding) > 0).to(outputs.features.dtype)
        # [N, C, J] · [J, K] → [N, C, K]
        gradient = (active[:, None, :] * self.classifier.weight) @ self.hidden.weight
        products = gradient @ outputs.features.flatten(2)
        maps = torch.relu(products / (height * width))
        return maps.reshape(*maps.shape[:2], height, width)


def _block(before: int, after: int) -> nn.Sequential:
    # Batch normalisation subtracts the mean, so a bias before it would do nothing.
    return nn.Sequential(
        nn.Conv2d(before, after, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
    )
