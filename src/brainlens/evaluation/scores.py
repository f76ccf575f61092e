"""What was predicted beside what is true, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainlens.outcomes import Outcome

#: Stands in ``Scores.predicted`` where the model rejected the slice and named no class.
REJECTED = -1

# A probability of exactly 0 would make one slice's loss infinite; the bound is scikit-learn's.
_SMALLEST = float(np.finfo(np.float64).eps)


def unit_of(patient: str, group: str, path: str) -> tuple[str, str]:
    """Return what is drawn together in a bootstrap: the patient, else the group, else the slice."""
    if patient:
        return ("patient", patient)
    return ("group", group) if group else ("slice", path)


@dataclass(frozen=True, slots=True)
class Scores:
    """Truths and predictions of n slices over C classes.

    Attributes
    ----------
    probabilities
        ``float64`` [n, C], summing to 1 over the classes; a row of NaN where the slice was
        rejected.
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

    probabilities: NDArray[np.float64]
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
            probabilities=probabilities,
            truth=true,
            predicted=predicted,
            confident=np.asarray(confident, dtype=np.bool_) & ~rejected,
            loss=-np.log(np.maximum(of_truth, _SMALLEST)),
            unit=np.array([numbers[name] for name in units], dtype=np.int64),
        )

    @classmethod
    def from_outcomes(cls, outcomes: Sequence[Outcome], class_ids: Sequence[str]) -> "Scores":
        """Return the scores of outcomes, in their order.

        A unit is a patient, where there is none a group, where there is none a slice.

        Parameters
        ----------
        outcomes
            Their labels are among ``class_ids``, and none failed.
        class_ids
            Class ids in the bundle's order.

        Raises
        ------
        ValueError
            If a label is not among them, or an outcome failed.
        """
        if any(outcome.error for outcome in outcomes):
            raise ValueError("an outcome without an answer has no score")
        nothing = dict.fromkeys(class_ids, float("nan"))
        table = [outcome.probabilities or nothing for outcome in outcomes]
        return cls.from_probabilities(
            np.array([[p[c] for c in class_ids] for p in table]).reshape(-1, len(class_ids)),
            [class_ids.index(outcome.label) for outcome in outcomes],
            [outcome.status == "answered" for outcome in outcomes],
            [unit_of(outcome.patient, outcome.group, outcome.path) for outcome in outcomes],
        )

    @property
    def n_classes(self) -> int:
        """C, at least 2."""
        return int(self.probabilities.shape[1])

    def __len__(self) -> int:
        return len(self.truth)

    def select(self, keep: NDArray[np.bool_]) -> "Scores":
        """Return the scores of the slices where ``keep`` [n] is true."""
        _, unit = np.unique(self.unit[keep], return_inverse=True)
        return Scores(
            probabilities=self.probabilities[keep],
            truth=self.truth[keep],
            predicted=self.predicted[keep],
            confident=self.confident[keep],
            loss=self.loss[keep],
            unit=unit.astype(np.int64),
        )
