"""What a classifier can learn without looking at the brain."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from brainlens.datasets.audit.fact_table import FAMILIES, FactTable, typical
from brainlens.datasets.audit.file_facts import FileFacts
from brainlens.datasets.manifest import Progress
from brainlens.files import sha256_bytes

FOLDS: Final = 5
"""Folds of the cross-validation, and the fewest groups of a class that take part in it."""
FEWEST_SLICES: Final = 20
"""Fewest slices of a class that take part."""
MOST_SLICES: Final = 20_000
"""Of larger sets groups are drawn up to this number: more would hardly change a digit shown."""
DRAWS: Final = 1000
_SEED: Final = 0
_LEVEL: Final = 0.95
_DRAWS_AT_A_TIME: Final = 50


@dataclass(frozen=True)
class Score:
    """How well classes are told apart.

    Attributes
    ----------
    balanced_accuracy
        Mean over classes of the share found, 0 to 1, on folds not trained on.
    interval
        95 % interval, by drawing whole groups.
    """

    balanced_accuracy: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class FactScore:
    """One kind of fact by itself.

    Attributes
    ----------
    name
        In words.
    score
        Of a classifier that knows this fact only.
    typical
        What most slices of each class have, by label.
    """

    name: str
    score: Score
    typical: dict[str, str]


@dataclass(frozen=True)
class Confounds:
    """How far file facts alone give the class away.

    Attributes
    ----------
    reason
        Why nothing was measured; empty where it was.
    labels
        The classes told apart.
    left_out
        Classes with too few slices or groups.
    n_slices, n_groups
        What it was measured on.
    score
        Of all facts together; None where nothing was measured.
    facts
        Each kind by itself, the most telling first.
    same
        Facts that are the same for every slice.
    """

    reason: str = ""
    labels: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    n_slices: int = 0
    n_groups: int = 0
    score: Score | None = None
    facts: tuple[FactScore, ...] = ()
    same: tuple[str, ...] = ()

    @property
    def chance(self) -> float:
        """Balanced accuracy of guessing."""
        return 1 / len(self.labels) if self.labels else 0.0

    @property
    def gives_away(self) -> bool:
        """Whether the facts tell more than chance, the interval considered."""
        return self.score is not None and self.score.interval[0] > self.chance


def find_confounds(
    facts: Sequence[FileFacts],
    labels: Sequence[str],
    groups: Sequence[str],
    progress: Progress | None = None,
) -> Confounds:
    """Train a small classifier on file facts alone, with whole groups held out.

    Parameters
    ----------
    facts, labels, groups
        Of each slice.
    progress
        Called with (done, total) classifiers.

    Returns
    -------
    Confounds
        With a ``reason`` instead of figures where the set is too small.
    """
    kept = _enough(labels, groups)
    left_out = tuple(sorted(set(labels) - kept - {""}))
    if len(kept) < 2:
        return Confounds(
            reason=f"Fewer than two classes have {FEWEST_SLICES} slices in {FOLDS} groups, the "
            "fewest that can be cross-validated.",
            left_out=left_out,
        )
    chosen = _drawn([i for i, label in enumerate(labels) if label in kept], groups)
    names = tuple(sorted(kept))
    table = FactTable([facts[i] for i in chosen])
    truth = np.array([names.index(labels[i]) for i in chosen])
    _, group_of = np.unique([groups[i] for i in chosen], return_inverse=True)
    telling = {name: columns for name in FAMILIES if (columns := table.varying(name))}
    every = sorted({column for columns in telling.values() for column in columns})
    total = len(telling) + 1

    def score(done: int, columns: Sequence[int]) -> Score:
        # Trees so small are grown by one thread as fast as by several, which on a busy machine
        # wait for each other ten times as long as they work.
        with threadpool_limits(1, "openmp"):
            result = _score(table, columns, truth, group_of)
        if progress is not None:
            progress(done, total)
        return result

    of_class = {name: [facts[i] for i in chosen if labels[i] == name] for name in names}
    single = [
        FactScore(name, score(done, columns), typical(name, of_class))
        for done, (name, columns) in enumerate(telling.items(), start=1)
    ]
    return Confounds(
        labels=names,
        left_out=left_out,
        n_slices=len(chosen),
        n_groups=int(group_of.max()) + 1,
        score=score(total, every),
        facts=tuple(sorted(single, key=lambda f: -f.score.balanced_accuracy)),
        same=tuple(name for name in FAMILIES if name not in telling),
    )


def _enough(labels: Sequence[str], groups: Sequence[str]) -> set[str]:
    slices = Counter(labels)
    with_group = Counter(label for label, _ in set(zip(labels, groups, strict=True)))
    return {
        label
        for label in slices
        if label and slices[label] >= FEWEST_SLICES and with_group[label] >= FOLDS
    }


def _drawn(positions: list[int], groups: Sequence[str]) -> list[int]:
    """Return all positions, or those of groups drawn until there are enough."""
    if len(positions) <= MOST_SLICES:
        return positions
    order = sorted(positions, key=lambda i: (sha256_bytes(groups[i].encode()), i))
    return sorted(order[:MOST_SLICES])


def _score(
    table: FactTable, columns: Sequence[int], truth: NDArray[np.int64], groups: NDArray[np.int64]
) -> Score:
    if not columns:
        guess = 1 / (int(truth.max()) + 1)
        return Score(guess, (guess, guess))
    values = table.values[:, columns]
    predicted = np.empty_like(truth)
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=_SEED)
    for learn, held_out in folds.split(values, truth, groups):
        model: Any = HistGradientBoostingClassifier(
            max_iter=50,
            max_leaf_nodes=15,
            class_weight="balanced",
            categorical_features=table.categorical[columns],
            early_stopping=False,
            random_state=_SEED,
        )
        model.fit(values[learn], truth[learn])
        predicted[held_out] = model.predict(values[held_out])
    return _balanced(truth, predicted, groups)


def _balanced(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], groups: NDArray[np.int64]
) -> Score:
    """Return the mean share found over classes, and its interval over draws of groups."""
    shape = (int(groups.max()) + 1, int(truth.max()) + 1)
    slices, found = np.zeros(shape), np.zeros(shape)
    np.add.at(slices, (groups, truth), 1)
    np.add.at(found, (groups, truth), truth == predicted)
    rng = np.random.default_rng(_SEED)
    draws = []
    for _ in range(0, DRAWS, _DRAWS_AT_A_TIME):
        weights = rng.multinomial(shape[0], np.full(shape[0], 1 / shape[0]), _DRAWS_AT_A_TIME)
        drawn = weights @ slices
        # A draw without any slice of a class says nothing of that class.
        shares = np.divide(
            weights @ found, drawn, out=np.full(drawn.shape, np.nan), where=drawn > 0
        )
        draws.append(np.nanmean(shares, axis=1))
    tail = (1 - _LEVEL) / 2
    low, high = np.quantile(np.concatenate(draws), [tail, 1 - tail])
    value = float(np.mean(found.sum(axis=0) / slices.sum(axis=0)))
    return Score(value, (float(low), float(high)))
