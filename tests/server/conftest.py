"""A real service on loopback for every test of the room."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from brainlens.server.settings import Settings

from ..live_service import Live, Run, running


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("BRAINLENS_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def run_service(tiny_bundle: Path) -> Run:
    """Return ``run(**settings)``, a context in which a service with the tiny bundle answers."""

    def run(**chosen: Any) -> AbstractContextManager[Live]:
        return running(Settings(**{"port": 0, "bundles": {"tiny": tiny_bundle}, **chosen}))

    return run


@pytest.fixture(scope="module")
def live(run_service: Run) -> Iterator[Live]:
    """Return one service for a whole module."""
    with run_service(workers=2) as service:
        yield service
