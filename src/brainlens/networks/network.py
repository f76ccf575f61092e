"""What every network is: logits, an embedding, and heat maps in closed form."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple

from torch import Tensor, nn

OptionValue = int | float | str | bool | list[int]


class Outputs(NamedTuple):
    """What one forward pass yields.

    Attributes
    ----------
    logits
        [N, C], before the softmax.
    embedding
        [N, D], the pooled features: what the classifier looks at.
    features
        [N, K, h, w], the input of the pooling: what heat maps are made of.
    early
        Outputs of early layers, each [N, K, h, w]: texture more than anatomy. Whether a slice is
        like those of the training is told from them.
    """

    logits: Tensor
    embedding: Tensor
    features: Tensor
    early: tuple[Tensor, ...]


class Network(nn.Module, ABC):
    """A classifier of grey slices.

    Attributes
    ----------
    name
        The name in the registry.
    options
        Every option it was built with, so that ``create_network(name, n_classes, **options)``
        builds the same again; plain JSON values.
    """

    name: ClassVar[str]
    options: dict[str, OptionValue]

    @abstractmethod
    def forward(self, image: Tensor) -> Outputs:
        """Return the outputs for ``image``, float [N, 1, H, W]."""

    @abstractmethod
    def heatmaps(self, outputs: Outputs) -> Tensor:
        """Return the heat map of every class, float [N, C, h, w], all values ≥ 0.

        Per position the positive part of Σₖ (∂logit_c/∂A_k · A_k), where A are the features
        (HiResCAM). Written in closed form, so that it needs no gradients and exports.
        Valid in evaluation mode, where dropout does nothing.
        """

    # nn.Module declares __call__ as returning Any; this gives callers the type back.
    def __call__(self, *args: Any, **kwargs: Any) -> Outputs:
        """Run `forward` with torch's hooks."""
        outputs: Outputs = super().__call__(*args, **kwargs)
        return outputs
