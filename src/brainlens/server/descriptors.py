"""File descriptors enough for the connections that a service may hold."""

import sys
from typing import Final

from brainlens.errors import UsageError

#: Connections that the system keeps until they are taken, and that are taken at a time.
BACKLOG: Final = 128
#: Descriptors besides those of the connections held: of those just taken and of those being
#: refused, and for database, models, log, Redis.
RESERVED: Final = 512


def provide(connections: int) -> None:
    """Raise this process's limit where it is too low, as far as the system allows.

    Parameters
    ----------
    connections
        Connections at a time.

    Raises
    ------
    UsageError
        If the system does not allow that many.
    """
    if sys.platform == "win32":
        return
    import resource

    wanted = connections + RESERVED
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise UsageError(
            f"{connections} connections need {wanted} open files, of which the system allows "
            f"{hard}.",
            hint="Lower BRAINLENS_MAX_CONNECTIONS, or raise the limit (ulimit -n, LimitNOFILE=).",
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
