"""Descriptions of networks that Hugging Face transformers builds: built in, a folder's, the hub's.

A description is the library's own configuration as JSON, without what only concerns the classifier
or the file it came from. It is an option of the network, so that a bundle or a run needs neither
the folder nor the hub to build the network again.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, NamedTuple

from brainlens.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from transformers import PretrainedConfig

PREFIX = "hf:"
# Of ImageNet's three channels, on average.
_GREY = (0.449, 0.226)
_DROPPED = frozenset(
    {
        *("_name_or_path", "architectures", "dtype", "torch_dtype", "transformers_version"),
        *("id2label", "label2id", "num_labels", "problem_type", "num_channels"),
        *("out_features", "out_indices", "stage_names"),
    }
)


def _resnet(layer_type: str, depths: list[int], widths: list[int]) -> dict[str, Any]:
    return {
        "model_type": "resnet",
        "layer_type": layer_type,
        "depths": depths,
        "hidden_sizes": widths,
        "embedding_size": 64,
    }


def _efficientnet(width: float, depth: float, head: int) -> dict[str, Any]:
    return {
        "model_type": "efficientnet",
        "width_coefficient": width,
        "depth_coefficient": depth,
        "hidden_dim": head,
    }


_BASIC, _BOTTLENECK = [64, 128, 256, 512], [256, 512, 1024, 2048]
_BUILT_IN = {
    "resnet18": ("microsoft/resnet-18", _resnet("basic", [2, 2, 2, 2], _BASIC)),
    "resnet34": ("microsoft/resnet-34", _resnet("basic", [3, 4, 6, 3], _BASIC)),
    "resnet50": ("microsoft/resnet-50", _resnet("bottleneck", [3, 4, 6, 3], _BOTTLENECK)),
    "efficientnet_b0": ("google/efficientnet-b0", _efficientnet(1.0, 1.0, 1280)),
    "efficientnet_b1": ("google/efficientnet-b1", _efficientnet(1.0, 1.1, 1280)),
    "efficientnet_b2": ("google/efficientnet-b2", _efficientnet(1.1, 1.2, 1408)),
    "efficientnet_b3": ("google/efficientnet-b3", _efficientnet(1.2, 1.4, 1536)),
}
BUILT_IN_NAMES = tuple(_BUILT_IN)


class Described(NamedTuple):
    """What a name stands for.

    Attributes
    ----------
    name
        As shown to others: of a folder its last part, for a path tells of the machine.
    source
        Where the weights would come from: a folder, or a name on the hub.
    config
        The description as JSON.
    grey
        Mean and standard deviation of grey values that the weights were trained with.
    """

    name: str
    source: str
    config: str
    grey: tuple[float, float]

    @property
    def options(self) -> dict[str, str | float]:
        """What besides the name builds the same again; nothing for what is built in."""
        if self.name in _BUILT_IN:
            return {}
        mean, std = self.grey
        return {"config": self.config, "grey_mean": mean, "grey_std": std}


def describe(name: str) -> Described:
    """Return what a built-in name, or ``hf:NAME_OR_FOLDER``, stands for.

    Raises
    ------
    MissingExtra
        If transformers is not installed.
    UsageError
        If there is no such folder and the hub does not give the name either.
    """
    if name in _BUILT_IN:
        source, config = _BUILT_IN[name]
        return Described(name, source, _as_text(config), _GREY)
    require_transformers()
    from transformers import AutoConfig

    source = name.removeprefix(PREFIX)
    with reachable(source):
        read = AutoConfig.from_pretrained(source)
    return Described(shown_name(source), source, _as_text(read.to_diff_dict()), _grey_of(source))


def shown_name(source: str) -> str:
    """Return the name of a folder or hub entry as shown to others, whether or not it is there."""
    # A hub's name has one slash at most.
    is_path = source.startswith((".", "~", "/")) or source.count("/") > 1 or Path(source).is_dir()
    return PREFIX + (Path(source).name if is_path else source)


def load_config(text: str) -> "PretrainedConfig":
    """Return the library's configuration of a description, for one grey channel.

    Raises
    ------
    ValueError
        If it is not one.
    """
    require_transformers()
    from transformers import AutoConfig

    fields = json.loads(text)
    config: PretrainedConfig = AutoConfig.for_model(**fields)
    config.num_channels = 1
    return config


@contextmanager
def reachable(source: str) -> Iterator[None]:
    """Turn what transformers raises where it cannot read ``source`` into one error."""
    try:
        yield
    except (OSError, ValueError) as error:
        first = str(error).strip().partition("\n")[0]
        raise UsageError(
            f"{source} cannot be had: {first}",
            hint="Name a local folder that transformers' save_pretrained wrote (--network "
            f"hf:FOLDER), or start one of {', '.join(BUILT_IN_NAMES)} from random weights "
            "(--init random).",
        ) from error


def require_transformers() -> None:
    """Check that transformers is there.

    Raises
    ------
    MissingExtra
        If it is not.
    """
    try:
        import transformers  # noqa: F401  # only whether it is there
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"This network needs {error.name}, which is not installed.",
            hint='Install it: pip install "brainlens[hf]".',
        ) from error


def _as_text(fields: dict[str, Any]) -> str:
    kept = {key: value for key, value in fields.items() if key not in _DROPPED}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"))


def _grey_of(source: str) -> tuple[float, float]:
    """Return what images were standardised by, averaged over the three channels."""
    from transformers import BaseImageProcessor

    try:
        fields, _ = BaseImageProcessor.get_image_processor_dict(source)
        return fmean(fields["image_mean"]), fmean(fields["image_std"])
    except (OSError, ValueError, KeyError, TypeError):
        # Weights of one's own may come without; then it matters little.
        return _GREY
