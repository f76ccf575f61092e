import pytest

from brainlens.server.oidc.address import is_safe


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://login.example.org", True),
        ("https://login.example.org:8443/realms/ward", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost/realm", True),
        ("http://[::1]:8080", True),
        ("http://login.example.org", False),
        ("http://127.0.0.1.example.org", False),
        ("https://user:word@login.example.org", False),
        ("https://login.example.org?x=1", False),
        ("https://login.example.org#x", False),
        ("https://", False),
        ("https://login.example.org:port", False),
        ("https://[::1", False),
        ("ftp://login.example.org", False),
        ("file:///etc/passwd", False),
        ("login.example.org", False),
        ("", False),
    ],
)
def test_only_what_nobody_on_the_way_can_change(url: str, safe: bool) -> None:
    assert is_safe(url) == safe
