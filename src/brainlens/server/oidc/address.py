"""Addresses that a provider may have."""

import ipaddress
from urllib.parse import urlsplit


def is_safe(url: str) -> bool:
    """Return whether nobody on the way could change what comes from ``url``.

    That is HTTPS, or plain HTTP on this machine; without user, password, query and fragment.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.query or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
