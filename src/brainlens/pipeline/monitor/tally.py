"""Records gathered by the model that answered, in a few bytes each."""

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import nan

import numpy as np
from numpy.typing import NDArray

from brainlens.inference.abstain import LOW_CONFIDENCE
from brainlens.server.records.record import Record
from brainlens.server.records.store import Stored

_DAY_US = 86_400_000_000


@dataclass(slots=True)
class Tally:
    """What is kept of the records of one model.

    Attributes
    ----------
    names
        The names under which it was served.
    statuses
        Day (whole days since 1970, UTC) and status → records.
    reasons
        Reason → records that give it.
    classes
        Predicted class → answered records.
    concluded
        Status, predicted class, class of the last conclusion → records with a conclusion; the last
        is None where a professional saw none of the model's classes.
    """

    names: set[str] = field(default_factory=set)
    statuses: Counter[tuple[int, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    classes: Counter[str] = field(default_factory=Counter)
    concluded: Counter[tuple[str, str | None, str | None]] = field(default_factory=Counter)
    _days: "array[int]" = field(default_factory=lambda: array("i"))
    _confidences: "array[float]" = field(default_factory=lambda: array("d"))
    _distances: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, stored: Stored) -> None:
        """Take one record."""
        record = stored.record
        day = record.time_us // _DAY_US
        self.names.add(record.model)
        self.statuses[day, record.status] += 1
        self.reasons.update(record.reasons)
        if record.status == "answered" and record.predicted_class is not None:
            self.classes[record.predicted_class] += 1
        self._days.append(day)
        self._confidences.append(_confidence(record))
        self._distances.append(nan if record.distance is None else record.distance)
        if stored.feedback:
            last = stored.feedback[-1].concluded
            self.concluded[record.status, record.predicted_class, last] += 1

    @property
    def n(self) -> int:
        """Records."""
        return len(self._days)

    def count(self, status: str) -> int:
        """Return the records of a status."""
        return sum(n for (_, found), n in self.statuses.items() if found == status)

    def confidences(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return days and confidences of the records that only the threshold could hold back."""
        return self._known(self._confidences)

    def distances(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return days and distances of the records that hold one."""
        return self._known(self._distances)

    def _known(self, values: "array[float]") -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        found = np.array(values, np.float64)
        known = ~np.isnan(found)
        return np.array(self._days, np.int64)[known], found[known]


def _confidence(record: Record) -> float:
    """Return the confidence where it decided, as it is measured in an evaluation; else NaN."""
    if record.confidence is None or set(record.reasons) - {LOW_CONFIDENCE}:
        return nan
    return record.confidence


def tallies(records: Iterable[Stored]) -> dict[str, Tally]:
    """Return decision hash → tally."""
    found: dict[str, Tally] = {}
    for stored in records:
        found.setdefault(stored.record.decision_sha256, Tally()).add(stored)
    return found
