from collections.abc import Callable, Iterable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from brainlens.training.lesion_loss import LesionTally, lesion_loss, placed_loss
from brainlens.training.slices import Lesions

ALL = torch.tensor([True])


def _mask(top: int, left: int, side: int = 8) -> Tensor:
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., top : top + side, left : left + side] = 1
    return mask


def _sure(mask: Tensor) -> Tensor:
    return torch.nn.functional.avg_pool2d(mask, 8) * 40 - 20


def _gradient(loss: Tensor, logits: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(loss, logits)
    return gradient


def test_a_perfect_map_costs_nothing_and_a_wrong_one_much() -> None:
    mask = _mask(8, 16)
    assert lesion_loss(_sure(mask), mask, ALL) < 1e-3
    wrong = lesion_loss(_sure(_mask(16, 0)), mask, ALL)
    # Two of sixteen cells are wrong by 20 nats; nothing overlaps.
    assert wrong == pytest.approx(2 * 20 / 16 + 1, rel=1e-2)


def test_it_is_least_where_the_probability_is_the_share() -> None:
    mask = _mask(4, 4)  # a quarter of each of four cells
    logits = torch.full((1, 1, 4, 4), -8.0)
    logits[..., :2, :2] = torch.logit(torch.tensor(0.25))
    logits.requires_grad_()
    assert _gradient(lesion_loss(logits, mask, ALL), logits)[..., :2, :2].abs().max() < 1e-4


def test_slices_without_an_outline_do_not_count() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 1, 4, 4, generator=generator).requires_grad_()
    masks = torch.cat([_mask(0, 0), torch.zeros(1, 1, 32, 32), _mask(16, 8)])
    loss = lesion_loss(logits, masks, torch.tensor([True, False, True]))
    alone = [lesion_loss(logits[i : i + 1], masks[i : i + 1], ALL) for i in (0, 2)]
    assert loss.item() == pytest.approx(sum(x.item() for x in alone) / 2, rel=1e-6)
    assert [bool(g.any()) for g in _gradient(loss, logits)] == [True, False, True]


def test_a_batch_without_any_outline_costs_nothing() -> None:
    logits = torch.full((2, 1, 4, 4), -200.0, requires_grad=True)
    loss = lesion_loss(logits, torch.zeros(2, 1, 32, 32), torch.tensor([False, False]))
    assert loss == 0
    assert not _gradient(loss, logits).any()  # and not "not a number"


def test_a_lesion_moved_out_of_sight_is_no_lesion() -> None:
    logits = torch.zeros(1, 1, 4, 4, requires_grad=True)
    loss = lesion_loss(logits, torch.zeros(1, 1, 32, 32), ALL)
    assert bool((_gradient(loss, logits) > 0).all())


def test_dice_is_of_pixels_and_known_outlines_alone() -> None:
    masks = torch.cat([_mask(0, 0, 16), _mask(0, 0, 16), torch.zeros(1, 1, 32, 32)])
    found = torch.cat([_mask(0, 0, 16), _mask(0, 16, 16), _mask(0, 0, 16)])
    # A map as fine as the picture: nothing is interpolated.
    tally = LesionTally(torch.device("cpu"))
    tally.add(found * 2 - 1, Lesions(masks.byte(), torch.tensor([True, True, False])))
    assert LesionTally.mean(tally.sums) == pytest.approx(0.5)
    tally.add(_mask(0, 8, 16) * 2 - 1, Lesions(_mask(0, 0, 16).byte(), ALL))
    assert LesionTally.mean(tally.sums) == pytest.approx((1 + 0 + 0.5) / 3)
    assert LesionTally.mean(LesionTally(torch.device("cpu")).sums) is None


def _placed(logits: Tensor, labels: list[int], *masks: Tensor, known: list[bool]) -> Tensor:
    lesions = Lesions(torch.cat(masks), torch.tensor(known))
    return placed_loss(logits, torch.tensor(labels), lesions)


def test_the_class_counts_where_the_lesion_is_and_nowhere_else() -> None:
    logits = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    # One whole cell and a quarter of the one to its right.
    mask = _mask(8, 8)
    mask[..., 8:12, 16:20] = 1
    loss = _placed(logits, [2], mask, known=[True])
    wrong = -torch.log_softmax(logits, dim=1)[0, 2]
    expected = (wrong[1, 1] + 0.25 * wrong[1, 2]) / 1.25
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    touched = _gradient(loss, logits)[0].abs().sum(0) > 0
    assert touched.nonzero().tolist() == [[1, 1], [1, 2]]


def test_a_large_lesion_counts_no_more_than_a_small_one() -> None:
    logits = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    both = _placed(logits, [0, 1], _mask(0, 0, 24), _mask(8, 8, 4), known=[True, True])
    alone = [
        _placed(logits[:1], [0], _mask(0, 0, 24), known=[True]),
        _placed(logits[1:], [1], _mask(8, 8, 4), known=[True]),
    ]
    assert both.item() == pytest.approx(sum(x.item() for x in alone) / 2, rel=1e-5)


def test_places_of_no_known_lesion_cost_nothing() -> None:
    logits = torch.full((2, 3, 4, 4), 3.0, requires_grad=True)
    nothing = torch.zeros(1, 1, 32, 32)
    # One without an outline, one whose lesion was moved out of sight.
    loss = _placed(logits, [0, 1], _mask(0, 0), nothing, known=[False, True])
    assert loss == 0
    assert not _gradient(loss, logits).any()


class _Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the name of every operation, those of a backward pass included."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: set[str] = set()

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        self.names.add(str(func))
        return func(*args, **(kwargs or {}))


def test_no_loss_needs_what_a_gpu_cannot_do_in_a_fixed_order() -> None:
    # Under deterministic algorithms torch refuses the maps' form of this loss on a GPU.
    logits = torch.zeros(1, 3, 4, 4, requires_grad=True)
    with _Operations() as seen:
        loss = _placed(logits, [2], _mask(8, 8), known=[True])
        lesion = lesion_loss(logits[:, :1], _mask(8, 8), ALL)
        _gradient(loss + lesion, logits)
    assert any("nll_loss_backward" in name for name in seen.names)
    refused = ("nll_loss2d", "adaptive_avg_pool2d_backward", "upsample", "grid_sampler")
    assert not [name for name in seen.names if any(word in name for word in refused)]
