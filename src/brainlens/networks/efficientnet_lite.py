"""EfficientNet-Lite 0, 1 and 2: inverted residual blocks without squeeze-and-excitation."""

import math
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from brainlens.networks.backbone import Backbone, Pyramid
from brainlens.networks.efficientnet_lite_weights import read_published
from brainlens.networks.network import Origin, Stage

# Width and depth multipliers of each variant.
_MULTIPLIERS = {0: (1.0, 1.0), 1: (1.0, 1.1), 2: (1.1, 1.2)}
VARIANTS = tuple(_MULTIPLIERS)
# Lite variants scale neither the stem nor the head, nor the depth of the first and last stage.
_STEM, _HEAD = 32, 1280
# The published weights saw (x − 127) / 128 of grey values 0 … 255.
_GREY = (127 / 255, 128 / 255)


class _StageShape(NamedTuple):
    kernel: int
    stride: int
    expansion: int
    channels: int
    blocks: int


# Of the unscaled network.
_STAGES = (
    _StageShape(3, 1, 1, 16, 1),
    _StageShape(3, 2, 6, 24, 2),
    _StageShape(5, 2, 6, 40, 2),
    _StageShape(3, 2, 6, 80, 3),
    _StageShape(5, 1, 6, 112, 3),
    _StageShape(5, 2, 6, 192, 4),
    _StageShape(3, 1, 6, 320, 1),
)
# The stages that end at strides 8 and 16; the head's output is at stride 32.
_AT_8, _AT_16 = 2, 4
# Ends of strides 4 and 8, and the first stage of stride 16.
_EARLY = (1, 2, 3)


class EfficientNetLite(Backbone):
    """A stem, seven stages of inverted residual blocks, and a 1×1 convolution to 1280 channels.

    Parameters
    ----------
    variant
        0, 1 or 2.
    cut
        Leave out what comes after stride 16.
    """

    def __init__(self, variant: int, *, cut: bool = False) -> None:
        shapes = stage_shapes(variant)[: _AT_16 + 1 if cut else None]
        channels = [shapes[_AT_8].channels, shapes[_AT_16].channels, *([] if cut else [_HEAD])]
        super().__init__(channels, _GREY)
        self.name = f"efficientnet_lite{variant}"
        self._variant, self._shapes = variant, shapes
        self.stem = _convolution(1, _STEM, kernel=3, stride=2)
        self.levels = nn.ModuleList()
        before = _STEM
        for shape in shapes:
            self.levels.append(_level(before, shape))
            before = shape.channels
        self.head = None if cut else _convolution(before, _HEAD, kernel=1)

    def features(self, image: Tensor) -> Pyramid:
        """Return the features of ``image``; see `Backbone.features`."""
        x = self.stem(image)
        outputs: list[Tensor] = []
        for level in self.levels:
            x = level(x)
            outputs.append(x)
        maps = [outputs[_AT_8], outputs[_AT_16]]
        if self.head is not None:
            maps.append(self.head(x))
        return Pyramid(tuple(outputs[n] for n in _EARLY), tuple(maps))

    def stages(self) -> tuple[Stage, ...]:
        """Return the stem, the stages of blocks, and the head."""
        levels = [Stage(f"stage{n}", (level,)) for n, level in enumerate(self.levels, start=1)]
        end = [] if self.head is None else [Stage("head", (self.head,))]
        return (Stage("stem", (self.stem,)), *levels, *end)

    def load_published(self) -> Origin:
        """Take over the ImageNet weights of the package for this variant."""
        blocks = [shape.blocks for shape in self._shapes]
        state, origin = read_published(self._variant, self.state_dict(), blocks)
        self.load_state_dict(state)
        return origin


def stage_shapes(variant: int) -> tuple[_StageShape, ...]:
    """Return the stages of a variant, scaled in width and depth."""
    width, depth = _MULTIPLIERS[variant]
    ends = (0, len(_STAGES) - 1)
    return tuple(
        shape._replace(
            channels=_in_eights(shape.channels * width),
            blocks=shape.blocks if number in ends else math.ceil(shape.blocks * depth),
        )
        for number, shape in enumerate(_STAGES)
    )


def _in_eights(channels: float) -> int:
    """Round to the nearest multiple of 8, never down by more than a tenth."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


class SameConvolution(nn.Conv2d):
    """A convolution that pads as TensorFlow's ``SAME``: an odd pixel goes right and below."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  # torch's name
        """Return the convolution of ``input``, [N, K, ceil(H / stride), ceil(W / stride)]."""
        (top, bottom), (left, right) = (
            _same_padding(size, kernel, stride)
            for size, kernel, stride in zip(
                input.shape[-2:], self.kernel_size, self.stride, strict=True
            )
        )
        if top == bottom and left == right:
            return functional.conv2d(
                input, self.weight, None, self.stride, (top, left), groups=self.groups
            )
        padded = functional.pad(input, (left, right, top, bottom))
        return functional.conv2d(padded, self.weight, None, self.stride, groups=self.groups)


def _same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class InvertedResidual(nn.Module):
    """Expand by a 1×1 convolution, filter each channel, project; add the input where it fits."""

    def __init__(self, before: int, shape: _StageShape) -> None:
        super().__init__()
        inner = before * shape.expansion
        self.adds = shape.stride == 1 and before == shape.channels
        self.expand = _convolution(before, inner, kernel=1) if shape.expansion > 1 else None
        self.depthwise = _convolution(
            inner, inner, kernel=shape.kernel, stride=shape.stride, groups=inner
        )
        self.project = _convolution(inner, shape.channels, kernel=1, active=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output."""
        inner: Tensor = x if self.expand is None else self.expand(x)
        out: Tensor = self.project(self.depthwise(inner))
        return x + out if self.adds else out


def _level(before: int, shape: _StageShape) -> nn.Sequential:
    first = InvertedResidual(before, shape)
    again = shape._replace(stride=1)
    rest = (InvertedResidual(shape.channels, again) for _ in range(shape.blocks - 1))
    return nn.Sequential(first, *rest)


def _convolution(
    before: int, after: int, *, kernel: int, stride: int = 1, groups: int = 1, active: bool = True
) -> nn.Sequential:
    # The weights were trained with this epsilon. Their running averages moved by 0.01 a step;
    # torch's usual 0.1 follows within the few hundred steps of a fine-tuning.
    layers: list[nn.Module] = [
        SameConvolution(before, after, kernel, stride, groups=groups, bias=False),
        nn.BatchNorm2d(after, eps=1e-3),
    ]
    if active:
        layers.append(nn.ReLU6(inplace=True))
    return nn.Sequential(*layers)
