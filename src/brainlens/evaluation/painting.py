"""What the model says when the lesion is painted over, and when nothing else is left to see.

Four pictures are made of each slice:

- ``lesion_painted``: the lesion is filled smoothly from its edge;
- ``control_painted``: a region of the same shape elsewhere in the brain is filled the same way;
- ``only_lesion``: every pixel of the head outside the lesion is put in random order;
- ``only_control``: every pixel of the head outside the control region is.

In each pair the paint is the same and only what it covers differs, so the difference of the two is
due to the lesion and not to the painting. What remains to be seen is the head's outline everywhere,
and, where only the lesion is painted over, where the paint lies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from brainlens.evaluation.control_region import control_region
from brainlens.evaluation.fill import shuffle_fill, smooth_fill
from brainlens.evaluation.head import Mask, beyond, brain_mask
from brainlens.evaluation.ratio import Ratio, ratios
from brainlens.imaging import Slice
from brainlens.inference.answer import Answer

WHOLE: Final = "whole"
CONDITIONS: Final = (WHOLE, "lesion_painted", "control_painted", "only_lesion", "only_control")
FIGURES: Final = ("accuracy", "answer_rate", "probability")
DIFFERENCES: Final = {
    "painting": (WHOLE, "control_painted"),
    "lesion_removed": ("control_painted", "lesion_painted"),
    "lesion_alone": ("only_lesion", "only_control"),
}
"""Name → the conditions whose accuracies are subtracted, the second from the first."""
_MARGIN: Final = 0.01
"""By how much an outline is widened before it is painted, as a share of the image's longer side:
what a lesion does to its edge goes with it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one answer was worth.

    Attributes
    ----------
    correct
        Whether the class is right; false where the slice was rejected.
    answered
        Whether the service would have answered.
    probability
        Of the true class, in [0, 1]; 0 where the slice was rejected.
    """

    correct: bool
    answered: bool
    probability: float

    @classmethod
    def of(cls, answer: Answer, truth: str) -> "Reading":
        """Return what an answer is worth where ``truth`` is the true class's id."""
        return cls(
            correct=answer.predicted_class == truth,
            answered=answer.status == "answered",
            probability=(answer.probabilities or {}).get(truth, 0.0),
        )


@dataclass(frozen=True)
class Painting:
    """Figures of painted slices.

    Attributes
    ----------
    n_slices
        Slices that could be painted: the same under every condition.
    n_unplaced
        Slices in no figure, because the lesion's shape fits nowhere else in the head.
    majority
        Share of the most frequent class: what naming it always would reach.
    conditions
        Condition → figure (`FIGURES`) → value.
    differences
        `DIFFERENCES`, of accuracies, slice by slice.
    by_class
        True class → condition → accuracy, which is the class's sensitivity.
    """

    n_slices: int
    n_unplaced: int
    majority: float | None
    conditions: Mapping[str, Mapping[str, Ratio]]
    differences: Mapping[str, Ratio]
    by_class: Mapping[str, Mapping[str, Ratio]]

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold of it."""
        return {
            "n_slices": self.n_slices,
            "n_unplaced": self.n_unplaced,
            "majority": self.majority,
            "conditions": {
                condition: {name: ratio.to_dict() for name, ratio in figures.items()}
                for condition, figures in self.conditions.items()
            },
            "differences": {name: ratio.to_dict() for name, ratio in self.differences.items()},
            "by_class": {
                class_id: {condition: ratio.to_dict() for condition, ratio in accuracies.items()}
                for class_id, accuracies in self.by_class.items()
            },
        }


def paint(
    slice_: Slice, lesion: Mask, head: Mask, rng: np.random.Generator
) -> dict[str, Slice] | None:
    """Return the painted pictures of a slice by condition, the whole one left out.

    Parameters
    ----------
    slice_
        The slice.
    lesion, head
        bool, shape [height, width].
    rng
        Where the control region and the order of pixels come from.

    Returns
    -------
    dict, or None
        None where the lesion's shape fits nowhere else in the head.
    """
    region = lesion | (head & beyond(lesion, max(1.0, _MARGIN * max(lesion.shape))))
    control = control_region(region, brain_mask(slice_.pixels), rng)
    if control is None:
        control = control_region(region, head, rng)
    if control is None:
        return None
    pixels = {
        "lesion_painted": smooth_fill(slice_.pixels, region),
        "control_painted": smooth_fill(slice_.pixels, control),
        "only_lesion": shuffle_fill(slice_.pixels, head & ~region, rng),
        "only_control": shuffle_fill(slice_.pixels, head & ~control, rng),
    }
    return {condition: replace(slice_, pixels=painted) for condition, painted in pixels.items()}


def painting(
    readings: Sequence[Mapping[str, Reading] | None],
    truth: Sequence[str],
    unit: NDArray[np.int64],
    class_ids: Sequence[str],
) -> Painting:
    """Return the figures of n slices.

    Parameters
    ----------
    readings
        Condition → reading of each slice; None where it could not be painted.
    truth
        Class id of each slice.
    unit
        ``int64`` [n], see `ratios`.
    class_ids
        Class ids in the bundle's order.
    """
    at = [i for i, reading in enumerate(readings) if reading is not None]
    painted = [reading for reading in readings if reading is not None]
    labels = np.array([truth[i] for i in at], dtype=np.str_)
    columns = {
        condition: {
            "accuracy": np.array([one[condition].correct for one in painted], dtype=np.float64),
            "answer_rate": np.array([one[condition].answered for one in painted], dtype=np.float64),
            "probability": np.array([one[condition].probability for one in painted]),
        }
        for condition in CONDITIONS
    }
    chosen = unit[at]
    counts = [int((labels == class_id).sum()) for class_id in class_ids]
    return Painting(
        n_slices=len(at),
        n_unplaced=len(readings) - len(at),
        majority=max(counts) / len(at) if at else None,
        conditions={
            condition: ratios({name: (values, 1) for name, values in figures.items()}, chosen)
            for condition, figures in columns.items()
        },
        differences=ratios(
            {
                name: (columns[one]["accuracy"] - columns[other]["accuracy"], 1)
                for name, (one, other) in DIFFERENCES.items()
            },
            chosen,
            shares=False,
        ),
        by_class={
            class_id: ratios(
                {c: (columns[c]["accuracy"], labels == class_id) for c in CONDITIONS}, chosen
            )
            for class_id in class_ids
        },
    )
