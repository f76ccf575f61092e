"""GuidedNetwork: finds the lesion first, then looks there to classify."""

import math
from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from brainlens.networks.backbones import create_backbone
from brainlens.networks.network import Network, OptionValue, Origin, Outputs, Stage

PREFIX: Final = "guided:"
"""What a guided network's name begins with; the backbone's name follows."""

_WIDTH: Final = 256
"""Channels of the features that are classified."""
_LESION_WIDTH: Final = 64
_LESION_SHARE: Final = 0.02
"""Share of a slice that is lesion, roughly: what the branch starts from instead of a half, so that
its first steps are not spent on learning that most of a slice is none."""
_UNIFORM: Final = 0.5
"""Weight spread evenly over the grid, in cells that are surely lesion. The less of a slice is taken
for lesion, the nearer the pooling is to plain averaging: a missed lesion does not blind it."""


class GuidedNetwork(Network):
    """A backbone, a branch that outlines the lesion, and a classifier that looks where it is.

    Features of strides 16 and 32 are merged at stride 16. From them and those of stride 8 a small
    branch tells, cell by cell at stride 8, how likely the lesion is there. The merged features are
    pooled twice, weighted by that map and plainly; one linear layer classifies both together.

    The map is trained by outlines alone: no gradient of the classification flows into it, for a
    map that is bent to what helps to classify would no longer say where the lesion is. So pooling
    weights are constants to the classifier's gradient, in training and in heat maps alike.

    Parameters
    ----------
    name
        `PREFIX` and the backbone's name.
    n_classes
        Number of outputs, at least 2.
    cut
        Leave out what comes after stride 16: smaller and quicker, and the features know less.
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

    has_lesion_map = True

    def __init__(
        self,
        name: str,
        n_classes: int,
        *,
        cut: bool = False,
        dropout: float = 0.2,
        input_mean: float = 0.0,
        input_std: float = 1.0,
        **options: Any,
    ) -> None:
        if n_classes < 2:
            raise ValueError(f"a classifier needs at least 2 classes, not {n_classes}")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout lies in [0, 1), not {dropout}")
        if input_std <= 0:
            raise ValueError(f"input_std is positive, not {input_std}")
        super().__init__()
        self.backbone = create_backbone(name.removeprefix(PREFIX), cut=cut, **options)
        self.name = PREFIX + self.backbone.name
        self.options = {"cut": cut, "dropout": dropout, **self.backbone.options}
        self.set_input_scale(input_mean, input_std)
        at8, *above = self.backbone.channels
        self.merge = _Merge(above, _WIDTH)
        self.merge_fine = _Merge([at8, _WIDTH], _LESION_WIDTH)
        self.outline = _outline(_LESION_WIDTH)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(2 * _WIDTH, n_classes)

    def forward(self, image: Tensor) -> Outputs:
        """Return the outputs for ``image``, float [N, 1, H, W] with H, W ≥ 32."""
        pyramid = self.backbone(image)
        at8, *above = pyramid.maps
        features = self.merge(above)
        lesion = self.outline(self.merge_fine([at8, features]))
        weights = _pooling_weights(lesion, features)
        flat = features.flatten(2)
        # [N, K, P] · [N, P, 1] → [N, K]
        located = (flat @ weights[:, :, None]).flatten(1)
        embedding = torch.cat([located, flat.mean(dim=2)], dim=1)
        logits = self.classifier(self.dropout(embedding))
        return Outputs(logits, embedding, features, early=pyramid.early, lesion=lesion)

    def heatmaps(self, outputs: Outputs) -> Tensor:
        """Return the heat map of every class, float [N, C, h, w]; see `Network.heatmaps`.

        With logits = W₁·Σ_p v_p A_p + W₂·Σ_p A_p / P + b, summed over the P positions, the
        gradient of logit c with respect to the features at position p is v_p W₁_c + W₂_c / P.
        """
        if outputs.lesion is None:
            raise ValueError("outputs of another network: they have no lesion map")
        weights = _pooling_weights(outputs.lesion, outputs.features)
        flat = outputs.features.flatten(2)
        by_place, by_mean = self.classifier.weight[:, :_WIDTH], self.classifier.weight[:, _WIDTH:]
        products = (by_place @ flat) * weights[:, None, :] + (by_mean @ flat) / flat.shape[2]
        return torch.relu(products).reshape(*products.shape[:2], *outputs.features.shape[-2:])

    def placed_logits(self, outputs: Outputs) -> Tensor:
        """Return what the classifier would say if each place alone were the lesion.

        At position p that is W₁·A_p + W₂·Σ_q A_q / P + b: all of the first pooling's weight there.

        Returns
        -------
        Tensor
            float [N, C, h, w].
        """
        by_place, by_mean = self.classifier.weight[:, :_WIDTH], self.classifier.weight[:, _WIDTH:]
        everywhere = outputs.embedding[:, _WIDTH:] @ by_mean.T + self.classifier.bias
        here = by_place @ outputs.features.flatten(2)
        placed = here + everywhere[:, :, None]
        return placed.reshape(*placed.shape[:2], *outputs.features.shape[-2:])

    def stages(self) -> tuple[Stage, ...]:
        """Return the backbone's stages and, as one, all that is not the backbone's."""
        own = (self.merge, self.merge_fine, self.outline, self.classifier)
        return (*self.backbone.stages(), Stage("classifier", own))

    def set_input_scale(self, mean: float, std: float) -> None:
        """Say that images come as (share of white − ``mean``) / ``std``."""
        self.options |= {"input_mean": mean, "input_std": std}
        self.backbone.set_input_scale(mean, std)

    def load_published(self) -> Origin:
        """Take over the backbone's published weights; all else stays as it is."""
        return self.backbone.load_published()


def without_guidance(
    name: str, options: Mapping[str, OptionValue]
) -> tuple[str, dict[str, OptionValue]]:
    """Return name and options of the pooled network that a guided one is without its branch.

    Parameters
    ----------
    name, options
        Of a guided network; options may be left out.
    """
    rest = dict(options)
    if rest.pop("cut", False):
        rest["stride"] = 16
    return name.removeprefix(PREFIX), rest


class _Merge(nn.Module):
    """Features of several strides at the finest, each projected by a 1×1 convolution, summed."""

    def __init__(self, channels: list[int], width: int) -> None:
        super().__init__()
        self.projections = nn.ModuleList(
            nn.Sequential(nn.Conv2d(before, width, 1, bias=False), nn.BatchNorm2d(width))
            for before in channels
        )

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Return the merged features, positive, of the size of the first map."""
        size = maps[0].shape[-2:]
        merged: Tensor = self.projections[0](maps[0])
        for projection, coarse in zip(self.projections[1:], maps[1:], strict=True):
            # Projected first: there are fewer positions, and interpolation commutes with it.
            merged = merged + functional.interpolate(projection(coarse), size, mode="bilinear")
        return torch.relu(merged)


def _outline(width: int) -> nn.Sequential:
    last = nn.Conv2d(width, 1, 1)
    nn.init.constant_(last.bias, math.log(_LESION_SHARE / (1 - _LESION_SHARE)))  # type: ignore[arg-type]  # it has a bias
    return nn.Sequential(
        nn.Conv2d(width, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        last,
    )


def _pooling_weights(lesion: Tensor, features: Tensor) -> Tensor:
    """Return how much each position of the features counts, [N, h·w], summing to 1; constant."""
    # At an odd size the last cell is an average of what is there.
    likely = functional.avg_pool2d(
        torch.sigmoid(lesion.detach()), 2, ceil_mode=True, count_include_pad=False
    )
    if likely.shape[-2:] != features.shape[-2:]:
        likely = functional.interpolate(likely, features.shape[-2:], mode="bilinear")
    flat = likely.flatten(1)
    return (flat + _UNIFORM / flat.shape[1]) / (flat.sum(dim=1, keepdim=True) + _UNIFORM)
