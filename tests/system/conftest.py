"""What system tests share: a clean clone, and an environment that is nobody's."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# A make that runs these tests, and the environment they run in, must not reach what they start.
_INHERITED = ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "PYTHONPATH", "VIRTUAL_ENV")


@pytest.fixture(scope="session")
def plain_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment variables of somebody who has just opened a shell."""
    plain = {
        name: value
        for name, value in os.environ.items()
        if name not in _INHERITED and not name.startswith(("BRAINLENS_", "COV_", "COVERAGE_"))
    }
    return plain | {"BRAINLENS_DATA_DIR": str(tmp_path_factory.mktemp("kept"))}


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the browser's command."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is missing: scripts/install-system-packages")
        pytest.skip("chromium is not installed: scripts/install-system-packages")
    return found


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a fresh clone of what is committed."""
    folder = tmp_path_factory.mktemp("clone") / "brainlens"
    command = ["git", "clone", "--quiet", "--depth", "1", ROOT.as_uri(), str(folder)]
    subprocess.run(command, check=True)
    return folder
