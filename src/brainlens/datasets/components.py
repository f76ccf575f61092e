"""What hangs together: connected components."""

from collections import defaultdict
from collections.abc import Iterable


def components(n: int, links: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Return the connected components of ``n`` things, numbered from 0.

    Parameters
    ----------
    n
        How many there are.
    links
        Pairs that belong together.

    Returns
    -------
    list of tuple of int
        Each sorted; in the order of their first members. A thing without links is alone in one.
    """
    parent = list(range(n))

    def find(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in links:
        parent[find(i)] = find(j)
    members: defaultdict[int, list[int]] = defaultdict(list)
    for i in range(n):
        members[find(i)].append(i)
    return sorted(tuple(m) for m in members.values())
