"""What was predicted beside what is true, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Stands in ``Scores.predicted`` where the model rejected the slice and named no class.
REJECTED = -1

# A probability of exactly 0 would make one slice's loss infinite; the bound is scikit-learn's.
_SMALLEST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Scores:
    """Truths and predictions of n slices over C classes.

    Attributes
    ----------
    n_classes
        C, at least 2.
    truth
        ``int64`` [n], index of the true class.
    predicted
        ``int64`` [n], index of the predicted class, `REJECTED` where there is none.
    confident
        ``bool`` [n], whether the service would have answered: confidence at or above its threshold
        and no gate against it.
    loss
        ``float64`` [n], minus the natural logarithm of the true class's probability; NaN where the
        slice was rejected.
    unit
        ``int64`` [n], number of the unit (patient, group or slice) that the slice belongs to,
        0 … units - 1.
    """

    n_classes: int
    truth: NDArray[np.int64]
    predicted: NDArray[np.int64]
    confident: NDArray[np.bool_]
    loss: NDArray[np.float64]
    unit: NDArray[np.int64]

    @classmethod
    def from_probabilities(
        cls,
        probabilities: NDArray[np.float64],
        truth: Sequence[int],
        confident: Sequence[bool],
        units: Sequence[object],
    ) -> "Scores":
        """Return the scores of probabilities [n, C]; a row of NaN is a rejected slice.

        ``units`` names each slice's unit; slices of equal names are drawn together.
        """
        true = np.asarray(truth, dtype=np.int64)
        rejected = np.isnan(probabilities).any(axis=1)
        # The first of equal probabilities, as in inference.
        predicted = np.where(rejected, REJECTED, probabilities.argmax(axis=1)).astype(np.int64)
        of_truth = np.take_along_axis(probabilities, true[:, None], axis=1)[:, 0]
        numbers = {name: number for number, name in enumerate(dict.fromkeys(units))}
        return cls(
            n_classes=int(probabilities.shape[1]),
            truth=true,
            predicted=predicted,
            confident=np.asarray(confident, dtype=np.bool_) & ~rejected,
            loss=-np.log(np.maximum(of_truth, _SMALLEST)),
            unit=np.array([numbers[name] for name in units], dtype=np.int64),
        )

    def __len__(self) -> int:
        return len(self.truth)

    def select(self, keep: NDArray[np.bool_]) -> "Scores":
        """Return the scores of the slices where ``keep`` [n] is true."""
        _, unit = np.unique(self.unit[keep], return_inverse=True)
        return Scores(
            n_classes=self.n_classes,
            truth=self.truth[keep],
            predicted=self.predicted[keep],
            confident=self.confident[keep],
            loss=self.loss[keep],
            unit=unit.astype(np.int64),
        )
