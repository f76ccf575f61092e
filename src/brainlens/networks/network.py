"""What every network is: logits, an embedding, and heat maps in closed form."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple

from torch import Tensor, nn

from brainlens.errors import UsageError

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
    lesion
        [N, 1, h, w], before the sigmoid: how likely a cell is lesion, where the network tells.
    """

    logits: Tensor
    embedding: Tensor
    features: Tensor
    early: tuple[Tensor, ...]
    lesion: Tensor | None = None


class Stage(NamedTuple):
    """Modules that are frozen together and learn at one rate."""

    name: str
    modules: tuple[nn.Module, ...]


class Origin(NamedTuple):
    """Where starting weights come from.

    Attributes
    ----------
    title, licence, attribution
        For people; an empty licence is unknown.
    sha256
        Of the file, or empty where there is not one file.
    """

    title: str
    licence: str
    attribution: str
    sha256: str = ""


class Network(nn.Module, ABC):
    """A classifier of grey slices.

    Attributes
    ----------
    name
        The name in the registry.
    options
        Every option it was built with, so that ``create_network(name, n_classes, **options)``
        builds the same again; plain JSON values.
    has_lesion_map
        Whether its outputs have a lesion map. Such a network learns from outlines too.
    """

    name: str
    options: dict[str, OptionValue]
    has_lesion_map: ClassVar[bool] = False

    @abstractmethod
    def forward(self, image: Tensor) -> Outputs:
        """Return the outputs for ``image``, float [N, 1, H, W]."""

    @abstractmethod
    def heatmaps(self, outputs: Outputs) -> Tensor:
        """Return the heat map of every class, float [N, C, h, w], all values ≥ 0.

        Per position the positive part of Σₖ (∂logit_c/∂A_k · A_k), where A are the features
        (HiResCAM); pooling weights that depend on the image count as constants. Written in closed
        form, so that it needs no gradients and exports. Valid in evaluation mode, where dropout
        does nothing.
        """

    def stages(self) -> tuple[Stage, ...]:
        """Return every module that learns, once, in groups from input to output.

        Unless an architecture says otherwise: its children, in the order they were set.
        """
        return tuple(
            Stage(name, (child,))
            for name, child in self.named_children()
            if any(True for _ in child.parameters())
        )

    def set_input_scale(self, mean: float, std: float) -> None:
        """Say that images come as (share of white − ``mean``) / ``std``.

        Networks whose weights were published for another scale change to that; it becomes one of
        their options.
        """

    def load_published(self) -> Origin:
        """Take over the weights that were published for this network, its last layer aside.

        Raises
        ------
        InputError
            If there are none, or they cannot be had here; the hint says what to do.
        """
        raise UsageError(
            f"No weights were published for {self.name}.",
            hint="Start from random ones (--init random) or from a file (--init FILE.safetensors).",
        )

    # nn.Module declares __call__ as returning Any; this gives callers the type back.
    def __call__(self, *args: Any, **kwargs: Any) -> Outputs:
        """Run `forward` with torch's hooks."""
        outputs: Outputs = super().__call__(*args, **kwargs)
        return outputs
