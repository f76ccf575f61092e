"""Gradients of depthwise convolutions in bf16, where the processor is bad at them."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.nn import functional
from torch.overrides import TorchFunctionMode

Pair = tuple[int, int]


class DepthwiseGradients(TorchFunctionMode):
    """Within it, gradients of depthwise convolutions are computed in fp32 on the CPU under bf16.

    oneDNN has quick bf16 kernels for the gradients of ordinary convolutions and of depthwise ones
    of 3×3 at stride 1; for other depthwise ones it falls back to a loop that took most of a step:
    EfficientNet-Lite0, batch 32 at 192 px, two cores with AMX: 1.75 s a step without this, 1.03 s
    with it, 1.8 s in fp32. The forward pass is the same bits as without; the gradients
    are rounded less. Calls outside autocast, and other convolutions, are left alone.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call ``func``, or what stands in for it."""
        if func is functional.conv2d and torch.is_autocast_enabled("cpu"):
            call = _Call(*args, **(kwargs or {}))
            if call.is_slow():
                return _Depthwise.apply(call.image, call.weight, call.geometry)  # type: ignore[no-untyped-call]
        return func(*args, **(kwargs or {}))


class _Call:
    """The arguments of one call of `functional.conv2d`, under its own names."""

    def __init__(
        self,
        input: Tensor,  # noqa: A002  # torch's name
        weight: Tensor,
        bias: Tensor | None = None,
        stride: int | Pair = 1,
        padding: int | Pair | str = 0,
        dilation: int | Pair = 1,
        groups: int = 1,
    ) -> None:
        self.image, self.weight, self.bias = input, weight, bias
        self.groups, self.padding = groups, padding
        if not isinstance(padding, str):
            self.geometry = (_pair(stride), _pair(padding), _pair(dilation))

    def is_slow(self) -> bool:
        """Whether oneDNN has no quick gradient for it in bf16, and `_Depthwise` does."""
        depthwise = self.groups == self.weight.shape[0] == self.image.shape[1] > 1
        plain = self.bias is None and not isinstance(self.padding, str)
        if not (depthwise and plain and self.image.is_cpu):
            return False
        return self.weight.shape[-2:] != (3, 3) or self.geometry[0] != (1, 1)


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, image: Tensor, weight: Tensor, geometry: tuple[Pair, Pair, Pair]
    ) -> Tensor:
        low = torch.get_autocast_dtype("cpu")
        narrow, kernel = image.to(low), weight.to(low)
        ctx.save_for_backward(narrow, kernel)
        ctx.geometry, ctx.dtypes = geometry, (image.dtype, weight.dtype)
        with torch.autocast("cpu", enabled=False):
            return functional.conv2d(narrow, kernel, None, *geometry, groups=len(kernel))

    @staticmethod
    def backward(ctx: FunctionCtx, *gradients: Any) -> tuple[Tensor | None, Tensor | None, None]:
        narrow, kernel = (tensor.float() for tensor in ctx.saved_tensors)  # type: ignore[attr-defined]
        wanted = ctx.needs_input_grad[:2]  # type: ignore[attr-defined]
        stride, padding, dilation = map(list, ctx.geometry)  # type: ignore[attr-defined]
        by_image, by_kernel, _ = torch.ops.aten.convolution_backward(
            gradients[0].float(),
            narrow,
            kernel,
            None,
            stride,
            padding,
            dilation,
            False,
            [0, 0],
            len(kernel),
            [*wanted, False],
        )
        found = zip((by_image, by_kernel), ctx.dtypes, wanted, strict=True)  # type: ignore[attr-defined]
        image, weight = (g.to(dtype) if asked else None for g, dtype, asked in found)
        return image, weight, None


def _pair(value: int | Iterable[int]) -> Pair:
    if isinstance(value, int):
        return value, value
    first, second = value
    return first, second
