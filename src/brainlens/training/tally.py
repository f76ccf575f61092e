"""Sums of one epoch."""

import torch
from torch import Tensor
from torch.nn import functional

CONFIDENT = 0.7


def no_sums(n: int, device: torch.device) -> Tensor:
    """Return ``n`` sums of nothing yet, in the most precise floats that the device has."""
    # MPS knows no float64.
    kind = torch.float32 if device.type == "mps" else torch.float64
    return torch.zeros(n, dtype=kind, device=device)


class Tally:
    """Counts slices, loss, correct predictions and confident correct ones.

    Sums are kept in float64 on the device, so that nothing is waited for between batches.

    Parameters
    ----------
    device
        Where the batches are.
    """

    def __init__(self, device: torch.device) -> None:
        self._sums = no_sums(4, device)

    def add(self, logits: Tensor, labels: Tensor) -> None:
        """Count a batch: logits [B, C], labels [B]."""
        with torch.no_grad():
            logits = logits.float()
            confidence, predicted = functional.softmax(logits, dim=1).max(dim=1)
            correct = predicted == labels
            loss = functional.cross_entropy(logits, labels, reduction="sum")
            batch = [loss, correct.sum(), (correct & (confidence >= CONFIDENT)).sum()]
            self._sums[0] += len(labels)
            for position, value in enumerate(batch, start=1):
                self._sums[position] += value

    @property
    def sums(self) -> Tensor:
        """[slices, loss, correct, confident correct], to be added up over processes."""
        return self._sums

    @staticmethod
    def means(sums: Tensor) -> tuple[float, float, float]:
        """Return (loss, accuracy, share of confident correct) of summed sums."""
        n, loss, correct, confident = sums.tolist()
        return loss / n, correct / n, confident / n
