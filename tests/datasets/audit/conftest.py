"""A set with everything wrong in it, audited once."""

from pathlib import Path

import pytest

from brainlens.datasets.audit.audit import audit
from brainlens.datasets.audit.findings import Audit

from .planted import plant


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the planted set; do not write into it."""
    return plant(tmp_path_factory.mktemp("audit") / "set")


@pytest.fixture(scope="session")
def audited(planted: Path) -> Audit:
    """Return its audit."""
    return audit(planted)
