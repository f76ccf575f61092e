import socket
from pathlib import Path

import pytest

from brainlens.cli.serve import _ready

from .conftest import Command


@pytest.fixture(autouse=True)
def _log_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    # The log would go on to the captured stderr, which is closed when its test ends.
    monkeypatch.setattr("brainlens.server.serve.log_to", lambda: None)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--bundle", "bundles/first"], "no"),
        (["--bundle", "a=x", "--bundle", "a=y"], "twice"),
        (["--bundle", "a=nowhere"], "nowhere"),
        (["--host", "0.0.0.0"], "loopback"),  # noqa: S104 - that it is refused is the point
        (["--threshold", "2"], "threshold"),
    ],
)
def test_what_cannot_be_served(brainlens: Command, options: list[str], words: str) -> None:
    said = brainlens("serve", "--port", 0, *options)
    assert said.status == 2
    assert words in said.error


@pytest.mark.parametrize(("needs_keys", "words"), [(True, "asks for an API key"), (False, "alone")])
def test_the_start_says_who_may_come_in(
    capsys: pytest.CaptureFixture[str], needs_keys: bool, words: str
) -> None:
    _ready("http://127.0.0.1:1", needs_keys)

    said = capsys.readouterr().err
    assert "BrainLens answers at http://127.0.0.1:1 " in said
    assert words in said


def test_a_port_that_is_taken(brainlens: Command, tiny_bundle: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = brainlens("serve", "--bundle", f"tiny={tiny_bundle}", "--port", port)
    assert said.status == 3
    assert f"Port {port} of 127.0.0.1 is taken" in said.error
