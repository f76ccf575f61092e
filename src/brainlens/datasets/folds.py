"""Folds for cross-validation, under the three protocols."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal

from brainlens.datasets import splits
from brainlens.datasets.manifest import Manifest
from brainlens.errors import DataError

Protocol = Literal["grouped", "official", "random"]
DEFAULT_FOLDS: Final = 5


def deal(
    manifest: Manifest, protocol: Protocol, *, k: int | None = None, seed: int = 0
) -> Manifest:
    """Give every slice the fold in which it is tested.

    Parameters
    ----------
    manifest
        With hashes (`brainlens.datasets.fingerprint.with_hashes`), so that copies are known.
    protocol
        ``grouped``: dealt by whole units (groups with their copies); folds that came with the
        data give way. ``official``: the folds that came with the data. ``random``: dealt slice
        by slice, to show what leaking buys.
    k
        How many folds; default as many as came with the data, else 5.
    seed
        Of the dealing.

    Returns
    -------
    Manifest
        ``fold`` filled (under ``official`` rows without one stay without), ``split`` empty,
        ``protocol`` set.

    Raises
    ------
    DataError
        If ``official`` is asked for and fewer than two folds came with the data, or other than k.
    UsageError
        If k is below 2.
    """
    present = {row.fold for row in manifest.rows if row.fold is not None}
    if protocol == "official":
        if len(present) < 2 or k not in (None, len(present)):
            raise DataError(
                f"The data come with {len(present)} folds"
                + (f", not {k}." if k is not None and present else "."),
                hint="Use --protocol grouped, which deals folds of whole patients."
                if len(present) < 2
                else "Leave --folds out: official folds are kept as they are.",
            )
        return manifest.with_rows(
            replace(row, split="", protocol="official") for row in manifest.rows
        )
    make = splits.grouped_folds if protocol == "grouped" else splits.random_folds
    return make(manifest, k or len(present) or DEFAULT_FOLDS, seed=seed)


def hold_out(manifest: Manifest, fold: int, *, val_fraction: float, seed: int = 0) -> Manifest:
    """Test on one fold of `deal`, train on the others, and cut validation from those.

    Validation is cut by whole units; under ``random`` by slices, as that protocol does all.

    Parameters
    ----------
    fold
        The fold that becomes ``test``.
    val_fraction
        Wanted share of the training slices of each class, in (0, 1).
    seed
        Of the validation cut.

    Raises
    ------
    DataError
        If no slice is of that fold, or too few are left to cut validation from.
    """
    parts = splits.official(manifest, test_fold=fold)
    cut: Callable[..., Manifest] = splits.cut_validation
    if parts.protocol == "random":
        cut = splits.cut_random_validation
    return cut(parts, fraction=val_fraction, seed=seed)
