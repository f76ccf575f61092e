"""What a backbone is: features of an image at several strides, stage by stage."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from torch import Tensor, nn

from brainlens.networks.network import OptionValue, Origin, Stage


class Pyramid(NamedTuple):
    """Features at several strides.

    Attributes
    ----------
    early
        Outputs at strides 4 and 8, and of some the first of stride 16, each [N, K, h, w]: texture
        more than anatomy; what `Outputs.early` holds.
    maps
        Features at strides 8, 16 and, unless the backbone was cut, 32.
    """

    early: tuple[Tensor, ...]
    maps: tuple[Tensor, ...]

    @property
    def stride8(self) -> Tensor:
        """Features [N, K, H/8, W/8]."""
        return self.maps[0]

    @property
    def stride16(self) -> Tensor:
        """Features [N, K, H/16, W/16]."""
        return self.maps[1]

    @property
    def stride32(self) -> Tensor:
        """Features [N, K, H/32, W/32]; a backbone cut at stride 16 has none."""
        return self.maps[2]


class Backbone(nn.Module, ABC):
    """The convolutional part of a network, without pooling and classifier.

    Parameters
    ----------
    channels
        Channels of the features at strides 8, 16 and, unless cut, 32.
    grey
        Mean and standard deviation that standardised the grey values (shares of white, in [0, 1])
        the published weights were trained on. Images are brought to that scale before the first
        convolution and not by rewriting it: convolutions pad with zero, and zero must stay the
        grey value that it was in training.

    Attributes
    ----------
    channels
        As given.
    name
        As ``create_backbone`` knows it.
    options
        What besides its name and ``cut`` it was built with; plain JSON values.
    """

    name: str
    options: Mapping[str, OptionValue]

    def __init__(self, channels: Sequence[int], grey: tuple[float, float]) -> None:
        super().__init__()
        self.channels = tuple(channels)
        self.options = {}
        self._grey = grey
        self.set_input_scale(0.0, 1.0)

    def set_input_scale(self, mean: float, std: float) -> None:
        """Say that images come as (share of white − ``mean``) / ``std``; default: the share."""
        own_mean, own_std = self._grey
        self._factor = std / own_std
        self._shift = (mean - own_mean) / own_std

    def forward(self, image: Tensor) -> Pyramid:
        """Return the features of ``image``, float [N, 1, H, W] with H, W ≥ 32."""
        return self.features(image * self._factor + self._shift)

    @abstractmethod
    def features(self, image: Tensor) -> Pyramid:
        """Return the features of an image on the scale of the published weights."""

    @abstractmethod
    def stages(self) -> tuple[Stage, ...]:
        """Return every module that learns, once, in groups from input to output."""

    @abstractmethod
    def load_published(self) -> Origin:
        """Take over the weights that were published for it, trained on ImageNet.

        A colour kernel becomes a grey one that answers to an image as the colour kernel did to
        that image in all three channels.

        Raises
        ------
        InputError
            If they cannot be had here; the hint says what to do.
        """

    # nn.Module declares __call__ as returning Any; this gives callers the type back.
    def __call__(self, *args: Any, **kwargs: Any) -> Pyramid:
        """Run `forward` with torch's hooks."""
        pyramid: Pyramid = super().__call__(*args, **kwargs)
        return pyramid
