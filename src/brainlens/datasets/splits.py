"""Splits that keep together what must not be separated."""

import math
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

from brainlens.datasets.manifest import Manifest, Row
from brainlens.datasets.units import Unit, units
from brainlens.errors import DataError, UsageError
from brainlens.files import sha256_bytes

_Part = TypeVar("_Part", bound=Hashable)


def split(
    manifest: Manifest, *, test_fraction: float = 0.2, val_fraction: float = 0.1, seed: int = 0
) -> Manifest:
    """Split by whole units (groups with their copies), stratified by class.

    Parameters
    ----------
    test_fraction, val_fraction
        Wanted shares of the slices of each class, in [0, 1), together below 1. Met to within the
        size of a unit or so.
    seed
        The same seed gives the same split, whatever the order of rows.

    Raises
    ------
    UsageError
        If the fractions are out of range.
    DataError
        If there are too few units for one of the splits asked for.
    """
    fractions = _fractions(test_fraction, val_fraction)
    dealt = _deal(units(manifest.rows, manifest.near_copies), fractions, seed)
    _require_each(fractions, dealt)
    return _with_splits(manifest, dealt, "grouped")


def random(
    manifest: Manifest, *, test_fraction: float = 0.2, val_fraction: float = 0.1, seed: int = 0
) -> Manifest:
    """Split slices as if they were independent, to show what leaking buys; see `split`."""
    fractions = _fractions(test_fraction, val_fraction)
    dealt = _deal(_slices(manifest), fractions, seed)
    _require_each(fractions, dealt)
    return _with_splits(manifest, dealt, "random")


def official(
    manifest: Manifest,
    *,
    test_fold: int,
    val_groups: int | None = None,
    val_fraction: float | None = None,
    seed: int = 0,
    drop_shared_groups: bool = False,
) -> Manifest:
    """Test on one official fold, train on the others, and cut validation by whole units.

    Parameters
    ----------
    test_fold
        The fold that becomes ``test``; rows of other folds become ``train``, rows of none stay
        out.
    val_groups, val_fraction
        See `cut_validation`; with neither, no validation is cut.
    seed
        Of the validation cut.
    drop_shared_groups
        Leave out the slices of other folds that share a group, a patient or a copy with the test
        fold (their split becomes empty), so that the test fold is clean.

    Raises
    ------
    DataError
        If no row is of that fold.
    """
    folds = sorted({row.fold for row in manifest.rows if row.fold is not None})
    if test_fold not in folds:
        raise DataError(
            f"No slice is of fold {test_fold}.",
            hint=f"Folds here: {', '.join(map(str, folds)) or 'none'}.",
        )
    # A protocol without a split is that of folds dealt here, see `grouped_folds`.
    of_folds = {"" if r.split else r.protocol for r in manifest.rows if r.fold is not None}
    protocol = (of_folds.pop() if len(of_folds) == 1 else "") or "official"
    rows = [
        replace(row, split=_official_split(row, test_fold), protocol=protocol)
        for row in manifest.rows
    ]
    if drop_shared_groups:
        for unit in units(rows, manifest.near_copies):
            if any(rows[i].split == "test" for i in unit.rows):
                for i in unit.rows:
                    if rows[i].split == "train":
                        rows[i] = replace(rows[i], split="")
    result = manifest.with_rows(rows)
    if val_groups is None and val_fraction is None:
        return result
    return cut_validation(result, n_groups=val_groups, fraction=val_fraction, seed=seed)


def cut_validation(
    manifest: Manifest,
    *,
    fraction: float | None = None,
    n_groups: int | None = None,
    seed: int = 0,
) -> Manifest:
    """Move whole units from ``train`` to ``val``, stratified by class.

    Parameters
    ----------
    fraction
        Wanted share of the training slices of each class, in (0, 1).
    n_groups
        Or the number of units to move, shared among the classes as their units are.
    seed
        The same seed gives the same cut, whatever the order of rows.

    Raises
    ------
    UsageError
        If not exactly one of ``fraction`` and ``n_groups`` is given, or it is out of range.
    DataError
        If there is a ``val`` already, or too few units to cut from.
    """
    if (fraction is None) == (n_groups is None):
        raise UsageError("Give either the fraction or the number of groups for validation.")
    if fraction is not None and not 0 < fraction < 1:
        raise UsageError(f"The fraction for validation must lie between 0 and 1, not {fraction:g}.")
    if any(row.split == "val" for row in manifest.rows):
        raise DataError("There is a validation split already.", hint="Cut it only where none is.")
    positions = [i for i, row in enumerate(manifest.rows) if row.split == "train"]
    candidates = units([manifest.rows[i] for i in positions], manifest.near_copies)
    if n_groups is not None:
        chosen = _choose(candidates, n_groups, seed)
    else:
        dealt = _deal(candidates, _fractions(0, fraction or 0), seed)
        chosen = {i for i, part in dealt.items() if part == "val"}
    if not chosen:
        raise DataError(
            "Too few groups to cut a validation split from.",
            hint="Every class needs at least two groups (patients) in train.",
        )
    moved = {positions[i] for i in chosen}
    return manifest.with_rows(
        replace(row, split="val") if i in moved else row for i, row in enumerate(manifest.rows)
    )


def grouped_folds(manifest: Manifest, k: int, *, seed: int = 0) -> Manifest:
    """Fill ``fold`` with 1 … k by whole units, stratified by class, for cross-validation.

    The split is emptied, and the protocol is ``grouped``: `official` makes a split of such folds
    whose figures are not taken for those of official ones.

    Raises
    ------
    UsageError
        If k is below 2.
    DataError
        If there are fewer units than folds.
    """
    dealt = _deal(units(manifest.rows, manifest.near_copies), _equal_shares(k), seed)
    return _with_folds(manifest, dealt, k, "grouped")


def random_folds(manifest: Manifest, k: int, *, seed: int = 0) -> Manifest:
    """Fill ``fold`` as if slices were independent, to show what leaking buys; see `grouped_folds`.

    Raises
    ------
    UsageError
        If k is below 2.
    DataError
        If there are fewer slices than folds.
    """
    dealt = _deal(_slices(manifest), _equal_shares(k), seed)
    return _with_folds(manifest, dealt, k, "random")


def cut_random_validation(manifest: Manifest, *, fraction: float, seed: int = 0) -> Manifest:
    """Move single slices from ``train`` to ``val``: the cut that goes with `random_folds`.

    Parameters
    ----------
    fraction
        Wanted share of the training slices of each class, in (0, 1).
    """
    alone = [unit for unit in _slices(manifest) if manifest.rows[unit.rows[0]].split == "train"]
    dealt = _deal(alone, _fractions(0, fraction), seed)
    return manifest.with_rows(
        replace(row, split=dealt.get(i, row.split)) for i, row in enumerate(manifest.rows)
    )


def _slices(manifest: Manifest) -> list[Unit]:
    """Return a unit for each row."""
    alone = [
        Unit(_slice_key(manifest, row), row.label, (i,)) for i, row in enumerate(manifest.rows)
    ]
    return sorted(alone, key=lambda unit: unit.key)


def _equal_shares(k: int) -> dict[int, float]:
    if k < 2:
        raise UsageError(f"Cross-validation needs at least 2 folds, not {k}.")
    return dict.fromkeys(range(1, k + 1), 1 / k)


def _with_folds(manifest: Manifest, dealt: Mapping[int, int], k: int, protocol: str) -> Manifest:
    filled = len(set(dealt.values()))
    if filled < k:
        raise DataError(
            f"Too few groups for {k} folds: {k - filled} would stay empty.",
            hint="Every class needs as many groups (patients) as there are folds; ask for fewer.",
        )
    return manifest.with_rows(
        replace(row, fold=dealt[i], split="", protocol=protocol)
        for i, row in enumerate(manifest.rows)
    )


def _with_splits(manifest: Manifest, dealt: Mapping[int, str], protocol: str) -> Manifest:
    return manifest.with_rows(
        replace(row, split=dealt[i], protocol=protocol) for i, row in enumerate(manifest.rows)
    )


def _slice_key(manifest: Manifest, row: Row) -> str:
    """Name a slice whatever the order of rows; copies are told apart by their paths."""
    inside = row.path.is_relative_to(manifest.root)
    name = row.path.relative_to(manifest.root) if inside else row.path
    return f"{row.sha256}:{name.as_posix()}"


def _official_split(row: Row, test_fold: int) -> str:
    if row.fold is None:
        return ""
    return "test" if row.fold == test_fold else "train"


def _fractions(test: float, val: float) -> dict[str, float]:
    if not (0 <= test < 1 and 0 <= val < 1 and test + val < 1):
        raise UsageError(
            f"Fractions for test ({test:g}) and validation ({val:g}) must be at least 0 and "
            "together below 1."
        )
    wanted = {"train": 1 - test - val, "val": val, "test": test}
    return {name: share for name, share in wanted.items() if share > 0}


def _require_each(fractions: Mapping[str, float], dealt: Mapping[int, str]) -> None:
    absent = [name for name in fractions if name not in dealt.values()]
    if absent:
        raise DataError(
            f"Too few groups to fill {', '.join(fractions)}: {' and '.join(absent)} would be "
            "empty.",
            hint="Every class needs a group (patient) for each; ask for fewer splits "
            "(--val-fraction 0).",
        )


def _shuffled(of: Sequence[Unit], seed: int) -> list[Unit]:
    """Order units by a hash of seed and key: the same on every platform and numpy."""
    return sorted(of, key=lambda unit: sha256_bytes(f"{seed}:{unit.key}".encode()))


def _by_label(of: Sequence[Unit]) -> dict[str, list[Unit]]:
    strata: defaultdict[str, list[Unit]] = defaultdict(list)
    for unit in of:
        strata[unit.label].append(unit)
    return dict(sorted(strata.items()))


def _deal(of: Sequence[Unit], fractions: Mapping[_Part, float], seed: int) -> dict[int, _Part]:
    """Deal units to parts, each class by itself; returns the part of each row."""
    dealt: dict[int, _Part] = {}
    for stratum in _by_label(of).values():
        for part, of_part in _deal_stratum(stratum, fractions, seed).items():
            dealt.update((i, part) for unit in of_part for i in unit.rows)
    return dealt


def _deal_stratum(
    stratum: Sequence[Unit], fractions: Mapping[_Part, float], seed: int
) -> dict[_Part, list[Unit]]:
    total = sum(len(unit.rows) for unit in stratum)
    left = {part: share * total for part, share in fractions.items()}
    dealt: dict[_Part, list[Unit]] = {part: [] for part in fractions}
    # Large units first, so that small ones even out; sizes by powers of two only, so that
    # seeds differ in where the large ones go.
    order = sorted(_shuffled(stratum, seed), key=lambda unit: -len(unit.rows).bit_length())
    for unit in order:
        size = len(unit.rows)
        fitting = [part for part in left if left[part] >= size]
        part = (
            max(fitting, key=lambda p: left[p] / fractions[p])
            if fitting
            else max(left, key=left.__getitem__)
        )
        dealt[part].append(unit)
        left[part] -= size
    _fill_empty(dealt)
    return dealt


def _fill_empty(dealt: dict[_Part, list[Unit]]) -> None:
    """Give each part without a unit one of a part that has several: a class nowhere missing."""
    for part in dealt:
        donor = max(dealt, key=lambda p: len(dealt[p]))
        if not dealt[part] and len(dealt[donor]) > 1:
            smallest = min(dealt[donor], key=lambda unit: len(unit.rows))
            dealt[donor].remove(smallest)
            dealt[part].append(smallest)


def _choose(of: Sequence[Unit], n: int, seed: int) -> set[int]:
    """Choose n units, shared among classes by largest remainder, at least one of each class."""
    strata = _by_label(of)
    if n < len(strata):
        raise UsageError(f"{n} validation groups are fewer than the {len(strata)} classes.")
    spare = sum(len(stratum) - 1 for stratum in strata.values())
    if n > spare:
        raise DataError(
            f"{n} validation groups would leave a class without training slices.",
            hint=f"At most {spare} groups can be cut here.",
        )
    quota = _quotas({label: len(stratum) for label, stratum in strata.items()}, n)
    return {
        i
        for label, stratum in strata.items()
        for unit in _sample(stratum, quota[label], seed)
        for i in unit.rows
    }


def _sample(stratum: Sequence[Unit], n: int, seed: int) -> list[Unit]:
    """Draw n units that are small and large in the proportions of the stratum."""
    by_size = sorted(_shuffled(stratum, seed), key=lambda unit: len(unit.rows))
    bounds = [i * len(by_size) // n for i in range(n + 1)]
    return [_shuffled(by_size[a:b], seed)[0] for a, b in pairwise(bounds)]


def _quotas(sizes: Mapping[str, int], n: int) -> dict[str, int]:
    """Share n among classes in proportion to their sizes, each from 1 to its size - 1."""
    total = sum(sizes.values())
    quota = {k: min(max(math.floor(n * s / total), 1), s - 1) for k, s in sizes.items()}
    while (missing := n - sum(quota.values())) != 0:
        step = 1 if missing > 0 else -1
        able = [k for k in sizes if 1 <= quota[k] + step <= sizes[k] - 1]
        # The class furthest from its exact share gives or takes one.
        worst = max(able, key=lambda k: step * (n * sizes[k] / total - quota[k]))
        quota[worst] += step
    return quota
