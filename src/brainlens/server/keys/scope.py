"""What a key may do."""

from collections.abc import Iterable
from enum import StrEnum


class Scope(StrEnum):
    """One kind of permission; docs/service.md has the table of what each opens.

    ``predict``: ask for predictions, read back and comment one's own. ``read``: read everybody's
    records and the figures of the service. ``admin``: all of that, and what changes the service.
    """

    PREDICT = "predict"
    READ = "read"
    ADMIN = "admin"


def granted(scopes: Iterable[Scope]) -> frozenset[Scope]:
    """Return all that ``scopes`` allow: ``admin`` holds the others."""
    given = frozenset(scopes)
    return frozenset(Scope) if Scope.ADMIN in given else given
