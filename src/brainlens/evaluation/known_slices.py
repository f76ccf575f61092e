"""The slices of a data set whose truth is one of the bundle's classes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainlens.bundle.load import Bundle
from brainlens.classes import TruthMap
from brainlens.datasets.manifest import Manifest, Row
from brainlens.errors import DataError, UsageError
from brainlens.evaluation.scores import unit_of


@dataclass(frozen=True)
class KnownSlices:
    """Rows of one split, each with the class id that its label means.

    Attributes
    ----------
    rows, truth
        As many of each, in the manifest's order.
    n_unlabelled
        Slices without a label.
    unmatched
        Label that means none of the classes → number of slices.
    """

    rows: tuple[Row, ...]
    truth: tuple[str, ...]
    n_unlabelled: int
    unmatched: Mapping[str, int]


def known_slices(
    bundle: Bundle,
    manifest: Manifest,
    split: str = "test",
    explicit_map: Mapping[str, str] | None = None,
) -> KnownSlices:
    """Return the slices of a split that can be right or wrong.

    Parameters
    ----------
    bundle
        Whose classes the labels must mean, by id, alias or ``explicit_map``, never by position.
    manifest
        The data set; without any split, all of it is ``test``.
    split
        ``train``, ``val`` or ``test``.
    explicit_map
        Label → class id.

    Raises
    ------
    DataError
        If there is none.
    UsageError
        If ``explicit_map`` names a class that the bundle does not have.
    """
    ids = ", ".join(c.id for c in bundle.info.classes)
    try:
        truth = TruthMap(bundle.info.classes, explicit_map)
    except ValueError as error:
        raise UsageError(f"The map does not fit: {error}.", hint=f"Classes: {ids}.") from error
    whole = split == "test" and not any(row.split for row in manifest.rows)
    rows = manifest.rows if whole else manifest.select(split=split).rows
    found = [(row, truth.find(row.label) if row.label else None) for row in rows]
    known = [(row, class_id) for row, class_id in found if class_id is not None]
    if not known:
        raise DataError(
            f"No slice of the split {split} has a label that means a class of the model.",
            hint=f"Choose another split, or name labels after the classes: {ids}.",
        )
    return KnownSlices(
        rows=tuple(row for row, _ in known),
        truth=tuple(class_id for _, class_id in known),
        n_unlabelled=sum(not row.label for row in rows),
        unmatched=Counter(row.label for row, class_id in found if row.label and class_id is None),
    )


def units(rows: tuple[Row, ...]) -> NDArray[np.int64]:
    """Return the number, from 0, of the unit (patient, else group, else slice) of each row."""
    names = [unit_of(row.patient, row.group, str(row.path)) for row in rows]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], dtype=np.int64)


def n_patients(rows: tuple[Row, ...]) -> int | None:
    """Return how many patients the rows are of; None where one is unknown."""
    patients = {row.patient for row in rows}
    return None if "" in patients or not patients else len(patients)
