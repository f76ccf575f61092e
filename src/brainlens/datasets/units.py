"""What a split must not separate."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from brainlens.datasets.components import components
from brainlens.datasets.known_copies import KnownCopies
from brainlens.datasets.manifest import Row

_NONE_KNOWN = KnownCopies()


@dataclass(frozen=True)
class Unit:
    """Rows that must stay on one side: a group, with every copy of its slices.

    Attributes
    ----------
    key
        A name that depends neither on row order nor on where the files lie, where rows have
        groups, patients or hashes.
    label
        The class that most of its slices have.
    rows
        Positions of its rows.
    """

    key: str
    label: str
    rows: tuple[int, ...]


def units(rows: Sequence[Row], near_copies: KnownCopies = _NONE_KNOWN) -> list[Unit]:
    """Join rows that share group, patient, bytes or pixels, directly or through others.

    Copies are known by the hashes that rows have: call ``with_hashes`` first.

    Parameters
    ----------
    near_copies
        Pairs to be joined too.

    Returns
    -------
    list of Unit
        Sorted by key.
    """
    first: dict[tuple[str, str], int] = {}
    links = [(i, first.setdefault(m, i)) for i, row in enumerate(rows) for m in _marks(row)]
    links.extend(near_copies.among(rows))
    found = components(len(rows), links)
    return sorted((_unit(rows, members) for members in found), key=lambda unit: unit.key)


def _marks(row: Row) -> list[tuple[str, str]]:
    """Return what ties a row to others, the marks that depend on nothing else first."""
    marks = [
        ("group", row.group_key if row.group or row.patient else ""),
        ("patient", row.patient),
        ("bytes", row.sha256),
        ("pixels", row.pixel_sha256),
    ]
    return [mark for mark in marks if mark[1]]


def _unit(rows: Sequence[Row], members: tuple[int, ...]) -> Unit:
    # Groups and hashes are the same wherever the files lie; a path is the last resort.
    key = min(next(iter(_marks(rows[i])), ("path", str(rows[i].path))) for i in members)
    counts = Counter(rows[i].label for i in members)
    label = min(counts, key=lambda name: (-counts[name], name))
    return Unit(":".join(key), label, members)
