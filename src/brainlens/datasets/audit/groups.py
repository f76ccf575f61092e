"""What must stay together when the data are split."""

from collections.abc import Iterable, Sequence

from brainlens.datasets.audit.copy_sets import CopySet
from brainlens.datasets.components import components
from brainlens.datasets.manifest import Row


def groups(rows: Sequence[Row], sets: Iterable[CopySet], pseudo: Sequence[str]) -> tuple[str, ...]:
    """Return the name of each row's group.

    A group is joined by a group or a patient that rows share where they are known, by the
    pseudo-patient where they are not, and by copies in any case: who has a copy of another
    patient's slice is probably that patient.

    Parameters
    ----------
    sets
        Sets of copies.
    pseudo
        Name of each row's pseudo-patient, used for rows without patient and group.

    Returns
    -------
    tuple of str
        One name a row: the first of the known names joined, else the pseudo-patient's.
    """
    first: dict[tuple[str, str], int] = {}
    links = [
        (i, first.setdefault(mark, i))
        for i, row in enumerate(rows)
        for mark in _marks(row, pseudo[i])
    ]
    links.extend((s.rows[0], i) for s in sets for i in s.rows[1:])
    taken = {name for row in rows for name in (row.group, row.patient)}
    names = [""] * len(rows)
    for members in components(len(rows), links):
        known = {rows[i].group or rows[i].patient for i in members} - {""}
        name = min(known) if known else _free(pseudo[members[0]], taken)
        for i in members:
            names[i] = name
    return tuple(names)


def _marks(row: Row, pseudo: str) -> list[tuple[str, str]]:
    key = row.group or row.patient
    if not key:
        return [("pseudo", pseudo)]
    # A group may be named like another's patient only where it is that patient.
    return [("key", key), *([("patient", row.patient)] if row.patient else [])]


def _free(name: str, taken: set[str]) -> str:
    """Keep a pseudo-patient apart from a group of that name, as an earlier audit leaves them."""
    while name in taken:
        name += "-new"
    return name
