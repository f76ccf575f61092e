"""What heat maps are made of: the last map of features that the whole answer goes through."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, ValueInfoProto

from brainlens.errors import ModelError
from brainlens.pipeline.foreign.choices import Layout
from brainlens.pipeline.foreign.cuts import Cut, cuts
from brainlens.pipeline.foreign.read import open_session

MOST_LAYERS: Final = 4
"""A classifier's head has few layers; what is longer is a network of its own, and running it once
for each position would cost more than the answer."""
_MOST_BYTES: Final = 1 << 27
"""Of the features of one image, once for each position."""


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """A map of features.

    Attributes
    ----------
    cut
        Where in the graph it is.
    layout
        Whether its channels come before the sides or after them.
    channels, side
        Its sizes.
    values
        What it is for the images it was run on.
    """

    cut: Cut
    layout: Layout
    channels: int
    side: int
    values: NDArray[Any]

    @property
    def positions(self) -> int:
        """How many places it tells apart."""
        return self.side**2

    @property
    def affordable(self) -> bool:
        """Whether it can be had once for each of its positions."""
        return self.positions**2 * self.channels * 4 <= _MOST_BYTES


def find_features(
    model: ModelProto, target: str, prepared: NDArray[Any], said: str | None, prefix: str
) -> FeatureMap:
    """Return what heat maps are made of: what the user names, else the last map there is.

    Parameters
    ----------
    model
        A model with one input that takes any number of images.
    target
        The tensor of logits.
    prepared
        Some images as the model takes them.
    said
        The name that the user gave, without ``prefix``.
    prefix
        What all names of the model begin with.

    Raises
    ------
    ModelError
        If there is none, or not that one; the hint lists those there are.
    """
    (image,) = (node.name for node in model.graph.input)
    narrow = [cut for cut in cuts(model, image, target) if cut.layers <= MOST_LAYERS]
    found = _maps(model, image, narrow, prepared)
    if not found:
        raise ModelError(
            "The model has no map of features that its whole answer goes through, at most "
            f"{MOST_LAYERS} layers before the end: where it looked cannot be told.",
            hint="Convolutional networks have one, transformers without a grid have none. A bundle "
            "needs one.",
        )
    if said is None:
        return found[-1]
    for one in found:
        if one.cut.name == prefix + said:
            return one
    names = ", ".join(
        f"{one.cut.name.removeprefix(prefix)} ({one.channels} x {one.side} x {one.side})"
        for one in found
    )
    raise ModelError(
        f"Heat maps cannot be made of {said}.", hint=f"Leave --features out, or choose: {names}."
    )


def _maps(
    model: ModelProto, image: str, narrow: Sequence[Cut], prepared: NDArray[Any]
) -> list[FeatureMap]:
    """Run the model and keep what has places and channels."""
    if not narrow:
        return []
    asked = ModelProto()
    asked.CopyFrom(model)
    del asked.graph.output[:]
    names = [cut.name for cut in narrow]
    asked.graph.output.extend(ValueInfoProto(name=name) for name in names)
    session = open_session(asked.SerializeToString())
    values = dict(zip(names, session.run(names, {image: prepared}), strict=True))
    found = (_map(cut, np.asarray(values[cut.name]), len(prepared)) for cut in narrow)
    return [one for one in found if one is not None]


def _map(cut: Cut, values: NDArray[Any], n_images: int) -> FeatureMap | None:
    if values.ndim != 4 or values.dtype not in (np.float32, np.float16) or len(values) != n_images:
        return None
    first, middle, last = values.shape[1:]
    # The sides are the two that are equal; where all three are, channels cannot be told apart.
    if middle == last != first and middle > 1:
        return FeatureMap(cut, "NCHW", first, middle, values)
    if first == middle != last and middle > 1:
        return FeatureMap(cut, "NHWC", last, middle, values)
    return None
