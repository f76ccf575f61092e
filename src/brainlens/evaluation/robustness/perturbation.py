"""What a perturbation is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from brainlens.imaging import Slice

Grade = TypeVar("Grade", float, str)


@dataclass(frozen=True, slots=True)
class Perturbation(Generic[Grade]):
    """One family of changes to a slice, at several strengths.

    Attributes
    ----------
    name
        What it is called, also in files.
    scale
        What a grade counts, in words, with its unit.
    grades
        Strengths, from mild to strong where they have an order. None of them leaves a slice
        unchanged.
    apply
        ``apply(slice, grade, rng) -> Slice``: the slice of the same pixel type, changed. All chance
        comes from ``rng``, and all grades of one slice get generators in the same state, so that a
        stronger grade is the same change made stronger.
    """

    name: str
    scale: str
    grades: tuple[Grade, ...]
    apply: Callable[[Slice, Grade, np.random.Generator], Slice]
