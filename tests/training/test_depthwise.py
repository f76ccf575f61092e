"""Gradients of depthwise convolutions under bf16, against those of double precision."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from brainlens.networks.efficientnet_lite import SameConvolution
from brainlens.training import depthwise
from brainlens.training.depthwise import DepthwiseGradients

SHAPES = [(5, 1), (5, 2), (3, 2), (3, 1)]


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Shapes of the kernels whose convolution was replaced."""
    seen: list[tuple[int, ...]] = []
    before = depthwise._Depthwise.apply

    def apply(image: Tensor, weight: Tensor, geometry: object) -> Tensor:
        seen.append(tuple(weight.shape))
        found: Tensor = before(image, weight, geometry)  # type: ignore[no-untyped-call]
        return found

    monkeypatch.setattr(depthwise._Depthwise, "apply", apply)
    return seen


@pytest.mark.parametrize(("kernel", "stride"), SHAPES)
def test_gradients_are_those_of_double_precision_to_bf16(kernel: int, stride: int) -> None:
    torch.manual_seed(0)
    image = torch.randn(2, 8, 11, 10, requires_grad=True)
    convolution = SameConvolution(8, 8, kernel, stride=stride, groups=8, bias=False)
    with torch.autocast("cpu", torch.bfloat16), DepthwiseGradients():
        outputs = convolution(image)
    upstream = torch.randn(outputs.shape)
    outputs.backward(upstream)
    exact_image = image.detach().double().requires_grad_()
    exact = SameConvolution(8, 8, kernel, stride=stride, groups=8, bias=False).double()
    exact.load_state_dict(convolution.state_dict())
    exact(exact_image).backward(upstream.double())
    for mine, theirs in (
        (image.grad, exact_image.grad),
        (convolution.weight.grad, exact.weight.grad),
    ):
        assert mine is not None
        assert theirs is not None
        assert mine.dtype == torch.float32
        # bf16 keeps 8 bits: 0.4 % of the largest.
        assert (mine - theirs).abs().max() < 0.01 * theirs.abs().max()


@pytest.mark.parametrize(("kernel", "stride"), SHAPES)
def test_outputs_are_the_same_bits_as_without(kernel: int, stride: int) -> None:
    torch.manual_seed(0)
    image = torch.randn(2, 8, 11, 10)
    convolution = nn.Conv2d(8, 8, kernel, stride, padding=kernel // 2, groups=8, bias=False)
    with torch.autocast("cpu", torch.bfloat16):
        without = convolution(image)
        with DepthwiseGradients():
            within = convolution(image)
    assert within.dtype == torch.bfloat16
    assert torch.equal(within, without)


@pytest.mark.parametrize(
    ("convolution", "replaces"),
    [
        (nn.Conv2d(8, 8, 5, padding=2, groups=8, bias=False), True),
        (nn.Conv2d(8, 8, 3, stride=2, groups=8, bias=False), True),
        (nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False), False),
        (nn.Conv2d(8, 8, 5, groups=8), False),
        (nn.Conv2d(8, 8, 5, padding="same", groups=8, bias=False), False),
        (nn.Conv2d(8, 16, 5, groups=8, bias=False), False),
        (nn.Conv2d(8, 8, 5, groups=4, bias=False), False),
        (nn.Conv2d(8, 8, 5, bias=False), False),
    ],
)
def test_slow_kernels_alone_are_replaced(
    convolution: nn.Conv2d, replaces: bool, replaced: list[tuple[int, ...]]
) -> None:
    with torch.autocast("cpu", torch.bfloat16), DepthwiseGradients():
        convolution(torch.randn(2, 8, 11, 10))
    assert bool(replaced) == replaces


def test_without_autocast_nothing_is_replaced(replaced: list[tuple[int, ...]]) -> None:
    image, kernel = torch.randn(1, 4, 7, 7), torch.randn(4, 1, 5, 5)
    with DepthwiseGradients():
        functional.conv2d(image, kernel, groups=4)
    assert replaced == []


def test_a_kernel_that_does_not_learn_gets_no_gradient() -> None:
    convolution = nn.Conv2d(4, 4, 5, groups=4, bias=False).requires_grad_(False)
    image = torch.randn(1, 4, 7, 7, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16), DepthwiseGradients():
        convolution(image).float().sum().backward()
    assert convolution.weight.grad is None
    assert image.grad is not None
