"""Convolutional networks of Hugging Face transformers as backbones."""

from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn

from brainlens.errors import UsageError
from brainlens.networks.backbone import Backbone, Pyramid
from brainlens.networks.network import Origin, Stage
from brainlens.networks.transformers_config import PREFIX, Described, describe, shown_name
from brainlens.networks.transformers_model import build_model, layers
from brainlens.networks.transformers_reach import dry_run, probe


class TransformersBackbone(Backbone):
    """A network that transformers builds from a description, for one grey channel.

    At which strides its layers end, and which of them each stride needs, is found by a dry run.

    Parameters
    ----------
    name
        ``resnet18`` and the other built-in names, or ``hf:NAME_OR_FOLDER``.
    cut
        Leave out what comes after stride 16.
    config
        The description; None asks the folder or the hub for it. Where it is given, the name after
        ``hf:`` is only a name and nothing is asked.
    grey_mean, grey_std
        Come with ``config``: what grey values were standardised by when the weights were trained.

    Raises
    ------
    MissingExtra
        If transformers is not installed.
    UsageError
        If the network cannot be had, is no convolutional network for images, or cannot be cut.
    ValueError
        If the options are no description.
    """

    def __init__(
        self,
        name: str,
        *,
        cut: bool = False,
        config: str | None = None,
        grey_mean: float = 0.0,
        grey_std: float = 1.0,
    ) -> None:
        if config is None:
            described = describe(name)
        else:
            source = name.removeprefix(PREFIX)
            grey = (grey_mean, grey_std)
            described = Described(shown_name(source), source, config, grey)
        model = build_model(described.config, described.name)
        reach = dry_run(model, described.name)
        strides = (8, 16) if cut else (8, 16, 32)
        super().__init__(reach.channels[: len(strides)], described.grey)
        self.name = described.name
        self.options = described.options
        self.model = model
        self._source = described.source
        self._maps = tuple(reach.place[stride] for stride in strides)
        self._early = tuple(reach.place[stride] for stride in (4, 8) if stride in reach.place)
        self._stages = tuple(
            (f"stride{stride}", names)
            for stride, names in reach.modules.items()
            if stride <= strides[-1] and names
        )
        _leave_out(model, [*reach.unused, *(reach.modules[32] if cut else ())])
        self._check_left_out(reach.sums)

    def features(self, image: Tensor) -> Pyramid:
        """Return the features of ``image``; see `Backbone.features`."""
        outputs = layers(self.model, image)
        return Pyramid(
            tuple(outputs[place] for place in self._early),
            tuple(outputs[place] for place in self._maps),
        )

    def stages(self) -> tuple[Stage, ...]:
        """Return the layers in groups by the smallest stride that needs them."""
        return tuple(
            Stage(name, tuple(self.model.get_submodule(module) for module in modules))
            for name, modules in self._stages
        )

    def load_published(self) -> Origin:
        """Take over the weights that the folder or the hub has."""
        from brainlens.networks.transformers_weights import load_published

        return load_published(self._source, self.name, self.model, self._maps)

    def _check_left_out(self, sums: tuple[float, ...]) -> None:
        """Check that the features are what they were before modules were left out."""
        outputs = probe(self.model)
        now = [float(outputs[place].detach().sum()) for place in self._maps]
        if now != list(sums[: len(now)]):
            raise UsageError(
                f"{self.name} cannot be cut at stride 16.", hint="Pool its features at stride 32."
            )


class _Skipped(nn.Module):
    """Stands where a module was left out; hands its input on."""

    def forward(self, x: Tensor, *rest: Any, **more: Any) -> Tensor:
        """Return ``x``."""
        return x


def _leave_out(model: nn.Module, names: Iterable[str]) -> None:
    for name in names:
        model.set_submodule(name, _Skipped())
