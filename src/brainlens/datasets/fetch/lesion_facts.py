"""What is known of the tumour masks of the Cheng set, and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from brainlens.datasets.fetch.slice_record import SliceRecord

AREA_TOLERANCE: Final = 0.05
"""Relative. The facts were computed from filled outlines; whether a mask takes in the pixels of the
outline itself changes its area by up to three per cent."""
CENTRE_TOLERANCE: Final = 0.02
"""Of width or height: a quarter of what masks stored with rows and columns exchanged differ by."""


@dataclass(frozen=True)
class LesionFacts:
    """Masks of one class.

    Attributes
    ----------
    total
        Sum over the slices of the share of the slice that the mask covers. Shares and not pixels,
        so that a slice of 256 × 256 counts like one of 512 × 512.
    low, median, high
        Its 5th, 50th and 95th percentile over the slices.
    x, y
        Mean over the slices of the mask's centre of gravity, as shares of width and height.
    """

    total: float
    low: float
    median: float
    high: float
    x: float
    y: float


# Computed from the masks of all 3064 slices of version 5, each a filled outline of 512 × 512.
CHENG_LESIONS: Final[Mapping[str, LesionFacts]] = {
    "glioma": LesionFacts(31.4346, 0.003799, 0.018358, 0.052599, 0.5143, 0.4298),
    "meningioma": LesionFacts(12.5715, 0.003201, 0.015217, 0.042721, 0.5155, 0.4361),
    "pituitary": LesionFacts(7.7773, 0.002065, 0.006660, 0.020132, 0.4669, 0.5032),
}


def differences(
    records: Sequence[SliceRecord], expect: Mapping[str, LesionFacts] = CHENG_LESIONS
) -> list[str]:
    """Return which facts the masks of a set do not keep to, in words; none if all hold."""
    found = []
    for label, facts in expect.items():
        of_class = [record for record in records if record.label == label]
        if not of_class:
            found.append(f"no mask of class {label}")
            continue
        got = measure(of_class)
        for name in ("total", "low", "median", "high"):
            wanted, value = getattr(facts, name), getattr(got, name)
            if abs(value - wanted) > AREA_TOLERANCE * wanted:
                found.append(f"mask area of {label} ({name}) {value:.4g}, expected {wanted:.4g}")
        for name in ("x", "y"):
            wanted, value = getattr(facts, name), getattr(got, name)
            if abs(value - wanted) > CENTRE_TOLERANCE:
                found.append(f"mask centre of {label} ({name}) {value:.3f}, expected {wanted:.3f}")
    return found


def measure(records: Sequence[SliceRecord]) -> LesionFacts:
    """Return the facts of some slices, at least one."""
    shares = np.array([record.lesion_share for record in records])
    low, median, high = np.percentile(shares, [5, 50, 95])
    return LesionFacts(
        total=float(shares.sum()),
        low=float(low),
        median=float(median),
        high=float(high),
        x=float(np.mean([record.lesion_x for record in records])),
        y=float(np.mean([record.lesion_y for record in records])),
    )
