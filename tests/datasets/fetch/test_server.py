import pytest

from brainlens.datasets.fetch.patience import Patience
from brainlens.datasets.fetch.server import Server
from brainlens.errors import ServiceUnavailable, UsageError

from ...file_server import FileServer


@pytest.mark.parametrize("base", ["", "example.org", "ftp://a/b", "https://", "http://a:99999/"])
def test_what_is_no_address_is_said_at_once(base: str) -> None:
    with pytest.raises(UsageError, match="no address"):
        Server(base)


def test_a_busy_server_is_asked_again(server: FileServer, patience: Patience) -> None:
    server.files["a"] = b"content"
    server.faults["a"] += ["busy", "break"]
    with Server(server.url + "/", patience) as remote:
        assert remote.get("a") == b"content"


def test_refusals_are_final_and_say_what_to_do(server: FileServer, patience: Patience) -> None:
    server.files["a"] = b"content"
    with Server(server.url, patience) as remote:
        server.faults["a"] += ["missing"]
        with pytest.raises(ServiceUnavailable, match="status 404"):
            remote.get("a")
        server.faults["a"] += ["challenge", "puzzle"]
        for _ in range(2):
            with pytest.raises(ServiceUnavailable, match=r"browsers only .* folder archives"):
                remote.get("a")
        server.moved["loop"] = "loop"
        with pytest.raises(ServiceUnavailable, match="cannot be fetched"):
            remote.get("loop")
    assert len([path for path in server.paths() if path == "a"]) == 3


def test_a_server_that_is_not_there(patience: Patience) -> None:
    with (
        Server("http://127.0.0.1:9", patience) as remote,
        pytest.raises(ServiceUnavailable, match=r"127\.0\.0\.1:9 does not answer"),
    ):
        remote.get("a")
