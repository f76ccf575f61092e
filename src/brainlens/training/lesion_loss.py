"""How well a lesion map fits the outlines."""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from brainlens.training.slices import Lesions
from brainlens.training.tally import no_sums

_ALMOST_NOTHING: Final = 1e-3
"""In squared cells."""


def lesion_loss(logits: Tensor, masks: Tensor, known: Tensor) -> Tensor:
    """Return cross-entropy plus soft Dice loss, the mean over slices that have an outline.

    The target of a cell is the share t of it that is lesion. Cross-entropy is the mean over cells
    of −t log p − (1 − t) log(1 − p). The Dice loss of a slice is
    1 − 2 Σ p t / (Σ p² + Σ t²), sums over its cells (Milletari, Navab and Ahmadi, 2016): with
    squares below, and only with them, it is least where p = t for shares too. (`_ALMOST_NOTHING`
    is added above and below, for slices whose lesion was moved out of sight.) Cross-entropy tells
    every cell apart; Dice weighs small lesions as large ones.

    Parameters
    ----------
    logits
        float [B, 1, h, w].
    masks
        float [B, 1, S, S], 0 or 1.
    known
        bool [B], which of the slices have an outline.

    Returns
    -------
    Tensor
        A scalar; 0, with a gradient of 0, where no slice has an outline.
    """
    logits = logits.float()
    shares = _shares(masks, logits)
    flat = logits.flatten(1)
    entropy = functional.binary_cross_entropy_with_logits(flat, shares, reduction="none").mean(1)
    likely = torch.sigmoid(flat)
    overlap = 2 * (likely * shares).sum(1) + _ALMOST_NOTHING
    dice = 1 - overlap / (likely.square().sum(1) + shares.square().sum(1) + _ALMOST_NOTHING)
    return _over_known(entropy + dice, known)


def placed_loss(logits: Tensor, labels: Tensor, lesions: Lesions) -> Tensor:
    """Return how wrong the class is where the lesion is, place by place.

    Cross-entropy of each place, weighted by the share of its cell that is lesion; the mean over
    slices that have an outline. A slice counts once, however large its lesion.

    Parameters
    ----------
    logits
        float [B, C, h, w].
    labels
        int64 [B].
    lesions
        Their outlines, moved as their slices were.

    Returns
    -------
    Tensor
        A scalar; 0, with a gradient of 0, where no slice has an outline.
    """
    logits = logits.float()
    shares = _shares(lesions.masks, logits)
    # One row a place: the form for maps has no deterministic kernel on GPUs.
    places = logits.flatten(2).transpose(1, 2).flatten(0, 1)
    spread = labels.repeat_interleave(shares.shape[1])
    wrong = functional.cross_entropy(places, spread, reduction="none").reshape(shares.shape)
    losses = (wrong * shares).sum(1) / shares.sum(1).clamp(min=_ALMOST_NOTHING)
    return _over_known(losses, lesions.known)


def _shares(masks: Tensor, grid: Tensor) -> Tensor:
    """Return the share of each cell of a grid that is lesion, [B, h·w]."""
    height, width = grid.shape[-2:]
    return functional.adaptive_avg_pool2d(masks.float(), (height, width)).flatten(1)


def _over_known(losses: Tensor, known: Tensor) -> Tensor:
    """Return the mean over slices that have an outline; 0 where none has."""
    return torch.where(known, losses, torch.zeros_like(losses)).sum() / known.sum().clamp(min=1)


class LesionTally:
    """Sums the Dice coefficients of an epoch's slices.

    Parameters
    ----------
    device
        Where the batches are.
    """

    def __init__(self, device: torch.device) -> None:
        self._sums = no_sums(2, device)

    def add(self, logits: Tensor, lesions: Lesions) -> None:
        """Count a batch: the map, interpolated, against the outline, both as 0 or 1 a pixel.

        Parameters
        ----------
        logits
            float [B, 1, h, w].
        lesions
            As they are, not augmented; every known mask has a lesion.
        """
        with torch.no_grad():
            size = lesions.masks.shape[-2:]
            found = functional.interpolate(logits.float(), size, mode="bilinear") > 0
            outlined = lesions.masks > 0
            both, either = (found & outlined).sum((1, 2, 3)), found.sum((1, 2, 3))
            total = (either + outlined.sum((1, 2, 3))).clamp(min=1)
            self._sums[0] += lesions.known.sum()
            self._sums[1] += (2 * both / total)[lesions.known].sum()

    @property
    def sums(self) -> Tensor:
        """[slices with an outline, sum of their Dice], to be added up over processes."""
        return self._sums

    @staticmethod
    def mean(sums: Tensor) -> float | None:
        """Return the mean Dice of summed sums, or None where no slice has an outline."""
        n, dice = sums.tolist()
        return dice / n if n else None
