"""The page's modules that need no browser, tested by Node; each .test.mjs is one test here."""

import os
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

TESTS = sorted((Path(__file__).parent / "page").glob("*.test.mjs"))


def test_there_are_some() -> None:
    assert len(TESTS) >= 5


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name.removesuffix(".test.mjs"))
def test_module(path: Path) -> None:
    page = str(files("brainlens.server.page"))

    run = subprocess.run(
        ["node", "--no-warnings", "--test", str(path)],
        env={**os.environ, "PAGE": page},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert run.returncode == 0, run.stdout + run.stderr
