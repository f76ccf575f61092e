"""A server on loopback, and patience short enough for tests."""

from collections.abc import Iterator

import pytest

from brainlens.datasets.fetch.patience import Patience

from ...file_server import FileServer, serving


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving() as running:
        yield running


@pytest.fixture
def patience() -> Patience:
    return Patience(retries=2, first_pause_s=0, longest_pause_s=0, connect_s=5, silence_s=0.3)
