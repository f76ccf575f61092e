"""Fitting on some patients and measuring on the others, until each was measured once."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
SEED = 0

_Value = TypeVar("_Value", bound=np.generic)


def deal_folds(
    truth: NDArray[np.int64],
    unit: NDArray[np.int64],
    fold: NDArray[np.int64] | None = None,
    *,
    n_folds: int = FOLDS,
    seed: int = SEED,
) -> NDArray[np.int64]:
    """Return a fold for each slice, all slices of a unit in one.

    Parameters
    ----------
    truth
        ``int64`` [n]: index of the true class; folds are dealt so that each has its part of every
        class.
    unit
        ``int64`` [n]: number of the unit, 0 … units - 1.
    fold
        ``int64`` [n]: folds that the slices came with. They are kept where there are at least two
        and none divides a unit: then out-of-fold answers of one network stay together.
    n_folds
        How many to deal, at least 2; fewer where there are fewer units.
    seed
        Of the dealing.

    Raises
    ------
    ValueError
        If there are fewer than two units.
    """
    names, first, position = np.unique(unit, return_index=True, return_inverse=True)
    if len(names) < 2:
        raise ValueError("one patient cannot be both fitted on and measured on")
    if fold is not None and len(np.unique(fold)) > 1 and (fold[first][position] == fold).all():
        return fold
    shuffled = np.random.default_rng(seed).permutation(len(names))
    by_class = shuffled[np.argsort(truth[first][shuffled], kind="stable")]
    dealt = np.empty(len(names), dtype=np.int64)
    dealt[by_class] = np.arange(len(names)) % min(n_folds, len(names))
    return np.asarray(dealt[position], dtype=np.int64)


def cross_fit(
    fold: NDArray[np.int64],
    fit_and_apply: Callable[[NDArray[np.bool_], NDArray[np.bool_]], NDArray[_Value]],
) -> NDArray[_Value]:
    """Return what each slice gets from a fit on the other folds.

    Parameters
    ----------
    fold
        ``int64`` [n], n ≥ 1: each slice's fold.
    fit_and_apply
        Called once a fold with two masks [n]: which slices to fit on, and which to return values
        for, [m, ...].

    Returns
    -------
    ndarray, shape [n, ...]
    """
    parts = [(fold == held, fit_and_apply(fold != held, fold == held)) for held in np.unique(fold)]
    _, some = parts[0]
    whole = np.empty((len(fold), *some.shape[1:]), dtype=some.dtype)
    for mask, values in parts:
        whole[mask] = values
    return whole
