"""A data set whose labels mean nothing any more, and whose patients stay whole."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from brainlens.datasets.manifest import SPLITS, Manifest, Row
from brainlens.datasets.units import Unit, units


def shuffled(manifest: Manifest, *, seed: int) -> Manifest:
    """Give each patient the label of another one.

    All slices of a unit (a group with its copies) get one label, that of another unit on the same
    side of the split, so that sides keep their classes. A unit on several sides gets one label all
    the same: who remembers it from training is right about it in the test, which is how a leak
    shows.

    Parameters
    ----------
    manifest
        With hashes, so that copies are known.
    seed
        The same seed gives the same labels, whatever the order of rows.
    """
    rows = manifest.rows
    by_side: defaultdict[str, list[Unit]] = defaultdict(list)
    for unit in units(rows, manifest.near_copies):
        by_side[_side([rows[i] for i in unit.rows])].append(unit)
    labels = [row.label for row in rows]
    for number, side in enumerate(sorted(by_side)):
        here = by_side[side]
        order = np.random.default_rng([seed, number]).permutation(len(here))
        for unit, other in zip(here, order, strict=True):
            for i in unit.rows:
                labels[i] = here[other].label
    return manifest.with_rows(
        replace(row, label=label) for row, label in zip(rows, labels, strict=True)
    )


def _side(rows: Sequence[Row]) -> str:
    sides = {row.split for row in rows}
    return next((side for side in SPLITS if side in sides), "")
