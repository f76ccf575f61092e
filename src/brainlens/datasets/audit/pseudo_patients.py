"""Groups that stand in for patients where a data set does not name any."""

from itertools import pairwise

from brainlens.datasets.audit.copy_pair import NearCopies
from brainlens.datasets.components import components
from brainlens.datasets.manifest import Manifest


def pseudo_patients(manifest: Manifest, near: NearCopies) -> tuple[str, ...]:
    """Return for each row the name of the group that it is offered to be split by.

    A group is what near copies and neighbouring slices connect, step by step; rows of one known
    patient or group stay together whatever they look like.

    Parameters
    ----------
    manifest
        The slices.
    near
        What `find_near_copies` found in this manifest.

    Returns
    -------
    tuple of str
        One name a row: ``pseudo-1`` and so on, numbered by first appearance, with leading zeros.
    """
    links = [(pair.first, pair.second) for pair in near.pairs]
    rows_of: dict[str, list[int]] = {}
    for i, row in enumerate(manifest.rows):
        rows_of.setdefault(row.group_key, []).append(i)
    for alike in rows_of.values():
        links.extend(pairwise(alike))
    groups = components(len(manifest), links)
    digits = len(str(len(groups)))
    names = [""] * len(manifest)
    for number, members in enumerate(groups, start=1):
        for i in members:
            names[i] = f"pseudo-{number:0{digits}d}"
    return tuple(names)
