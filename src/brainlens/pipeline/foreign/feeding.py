"""How a grey slice becomes the input of a model that was trained elsewhere."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from brainlens.errors import ModelError, UsageError
from brainlens.pipeline.foreign.choices import Choices, Layout

TYPES: Final[dict[str, type[np.generic]]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
}
_CHANNELS: Final = (1, 3)
_SMALLEST, _LARGEST = 32, 1024


@dataclass(frozen=True)
class Feeding:
    """The input of a model, all of it settled.

    Attributes
    ----------
    name
        The input's.
    dtype
        What it takes.
    layout, channels, size
        See `Choices`.
    batch
        How many images the model takes at a time; None: any number.
    scale, mean, std
        The network gets ``(grey * scale - mean) / std``; mean and std have one number a channel.
    """

    name: str
    dtype: type[np.generic]
    layout: Layout
    channels: int
    size: int
    batch: int | None
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __str__(self) -> str:
        mean, std = (", ".join(f"{x:g}" for x in numbers) for numbers in (self.mean, self.std))
        return (
            f"{self.layout}, {self.channels} x {self.size} x {self.size}, "
            f"(grey * {self.scale:g} - [{mean}]) / [{std}]"
        )

    def prepare(self, images: NDArray[np.float32]) -> NDArray[Any]:
        """Return grey images [N, 1, size, size] in [0, 1] as the model takes them."""
        mean, std = (np.reshape(x, (1, -1, 1, 1)) for x in (self.mean, self.std))
        values = (images.astype(np.float64) * self.scale - mean) / std
        if self.layout == "NHWC":
            values = values.transpose(0, 2, 3, 1)
        if self.dtype is np.uint8:
            values = np.clip(np.rint(values), 0, 255)
        fed: NDArray[Any] = values.astype(self.dtype)
        return fed


def find_feeding(session: ort.InferenceSession, choices: Choices) -> Feeding:
    """Settle how a model is fed from what it declares and what the user says.

    Raises
    ------
    ModelError
        If it takes anything but one image.
    UsageError
        If the two contradict each other, or leave something open.
    """
    inputs = session.get_inputs()
    if len(inputs) != 1:
        names = ", ".join(node.name for node in inputs) or "nothing"
        raise ModelError(
            f"The model takes {names}; a bundle's network takes one image.",
            hint="Export it with the image as its only input.",
        )
    (node,) = inputs
    if node.type not in TYPES or len(node.shape) != 4:
        raise ModelError(
            f"The model takes {node.type} {node.shape}, which is no batch of images.",
            hint="Export it with an input of four dimensions: images, channels, height, width.",
        )
    sides = [side if isinstance(side, int) and side > 0 else None for side in node.shape]
    layout = _layout(sides, choices.layout)
    batch, *rest = sides
    if layout == "NCHW":
        channels, height, width = rest
    else:
        height, width, channels = rest
    if height is not None and width is not None and height != width:
        raise ModelError(
            f"The model takes images of {width} x {height} pixels; BrainLens pads to a square.",
            hint="Export it for square images.",
        )
    found_channels = _settle("--channels", channels, choices.channels)
    if found_channels not in _CHANNELS:
        raise ModelError(
            f"The model takes images of {found_channels} channels, not 1 or 3.",
            hint="A grey slice can be given once, or three times.",
        )
    size = _settle("--size", height or width, choices.size)
    if not _SMALLEST <= size <= _LARGEST:
        raise ModelError(
            f"The model takes {size} pixels a side; {_SMALLEST} to {_LARGEST} can be served.",
            hint="Export it for another size.",
        )
    return Feeding(
        name=node.name,
        dtype=TYPES[node.type],
        layout=layout,
        channels=found_channels,
        size=size,
        batch=batch,
        scale=_finite("--scale", choices.scale),
        mean=_a_channel("--mean", choices.mean, found_channels),
        std=_a_channel("--std", choices.std, found_channels),
    )


def _layout(sides: Sequence[int | None], said: Layout | None) -> Layout:
    first, last = sides[1] in _CHANNELS, sides[3] in _CHANNELS
    if said is not None:
        return said
    if first == last:
        raise UsageError(
            f"Whether channels come first or last in {_shown(sides)} cannot be told.",
            hint="Say so with --layout NCHW or --layout NHWC.",
        )
    return "NCHW" if first else "NHWC"


def _shown(sides: Sequence[int | None]) -> str:
    return "[" + ", ".join("?" if side is None else str(side) for side in sides) + "]"


def _settle(option: str, declared: int | None, said: int | None) -> int:
    if declared is None and said is None:
        raise UsageError("The model takes any.", hint=f"Say which it was trained for: {option}.")
    if declared is not None and said is not None and declared != said:
        raise UsageError(
            f"{option} says {said}, the model {declared}.", hint=f"Leave {option} out."
        )
    return declared if declared is not None else said or 0


def _finite(option: str, number: float) -> float:
    if not math.isfinite(number) or number == 0:
        raise UsageError(f"{option} cannot be {number:g}.", hint="Most often it is 1 or 255.")
    return number


def _a_channel(option: str, numbers: tuple[float, ...], channels: int) -> tuple[float, ...]:
    if len(numbers) not in (1, channels) or not all(map(math.isfinite, numbers)):
        raise UsageError(
            f"{option} gives {len(numbers)} numbers for {channels} channels, or one is not finite.",
            hint=f"Give one, or one a channel: {option} 0.485,0.456,0.406.",
        )
    if option == "--std" and min(numbers) <= 0:
        raise UsageError("--std must be above 0.", hint="Give standard deviations.")
    return numbers * channels if len(numbers) == 1 else numbers
