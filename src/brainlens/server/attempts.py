"""Failed attempts to come in, counted by address."""

import ipaddress
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

#: Failed attempts of one address within `WINDOW_S` seconds, after which it has to wait.
ALLOWED: Final = 10
WINDOW_S: Final = 60.0
#: Addresses remembered; those that were silent longest are forgotten first.
REMEMBERED: Final = 10_000
# Whoever has one IPv6 address commonly has all 2**64 of the same network.
_IPV6_PREFIX: Final = 64


class Attempts:
    """Says when an address has failed too often; for one event loop, its memory bounded.

    Parameters
    ----------
    clock
        Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Return the seconds until the address may try again; 0 if it may now."""
        times = self._failed.get(network_of(address))
        if times is None or len(times) < ALLOWED:
            return 0.0
        return max(0.0, times[0] + WINDOW_S - self._clock())

    def note(self, address: str) -> None:
        """Count a failed attempt."""
        network = network_of(address)
        times = self._failed.setdefault(network, deque(maxlen=ALLOWED))
        times.append(self._clock())
        self._failed.move_to_end(network)
        if len(self._failed) > REMEMBERED:
            self._failed.popitem(last=False)


def network_of(address: str) -> str:
    """Return what of an address one person cannot change at will."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))
