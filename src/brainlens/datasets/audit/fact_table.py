"""File facts as columns that a classifier can learn from, and as words."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from brainlens.datasets.audit.file_facts import FileFacts

FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "image size": ("width", "height"),
    "aspect ratio": ("aspect",),
    "pixel mode": ("mode",),
    "file format": ("format",),
    "JPEG quality": ("jpeg_quality", "jpeg_tables"),
    "grey of the border": ("border",),
    "position of the head": ("head_left", "head_top"),
    "size of the head": ("head_width", "head_height"),
}
"""Facts as people speak of them, and the fields of `FileFacts` that each is made of."""

_TEXT: Final = frozenset({"mode", "format", "jpeg_tables"})
_MOST_CATEGORIES: Final = 200
_SAYINGS: Final[Mapping[str, Callable[[FileFacts], str]]] = {
    "image size": lambda fact: f"{fact.width} x {fact.height}",
    "pixel mode": lambda fact: fact.mode,
    "file format": lambda fact: fact.format.upper(),
    "JPEG quality": lambda fact: f"quality {fact.jpeg_quality}" if fact.jpeg_tables else "no JPEG",
}


class FactTable:
    """The facts of some slices as numbers.

    Parameters
    ----------
    facts
        One a slice.

    Attributes
    ----------
    values
        float64 [slices, columns]; text stands as the number of its category.
    categorical
        bool [columns]: which of them are categories.
    """

    def __init__(self, facts: Sequence[FileFacts]) -> None:
        self._names = [column for columns in FAMILIES.values() for column in columns]
        self.categorical = np.array([name in _TEXT for name in self._names])
        self.values = np.column_stack([_column(facts, name) for name in self._names])

    def varying(self, family: str) -> list[int]:
        """Return the columns of a family that are not the same for all slices."""
        columns = [self._names.index(name) for name in FAMILIES[family]]
        return [c for c in columns if np.ptp(self.values[:, c]) > 0]


def _column(facts: Sequence[FileFacts], name: str) -> NDArray[np.float64]:
    raw = [getattr(fact, name) for fact in facts]
    if name not in _TEXT:
        return np.array(raw, dtype=np.float64)
    common = [value for value, _ in Counter(raw).most_common(_MOST_CATEGORIES)]
    numbers = {value: float(i) for i, value in enumerate(common)}
    return np.array([numbers.get(value, float(_MOST_CATEGORIES)) for value in raw])


def typical(family: str, of_class: Mapping[str, Sequence[FileFacts]]) -> dict[str, str]:
    """Say for each class what its slices have: the commonest value, or medians."""
    say = _SAYINGS.get(family)
    if say is None:
        return {label: _medians(family, facts) for label, facts in of_class.items()}
    return {label: _commonest([say(fact) for fact in facts]) for label, facts in of_class.items()}


def _commonest(sayings: Sequence[str]) -> str:
    value, count = Counter(sayings).most_common(1)[0]
    return f"{value} ({100 * count / len(sayings):.0f} %)"


def _medians(family: str, facts: Sequence[FileFacts]) -> str:
    columns = FAMILIES[family]
    return ", ".join(
        f"{column.removeprefix('head_') + ' ' if len(columns) > 1 else ''}"
        f"{median(getattr(fact, column) for fact in facts):.2g}"
        for column in columns
    )
