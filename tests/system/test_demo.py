"""``make demo``: the whole path on synthetic images, ending with the probe's table."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

MOST_SECONDS = 1800


def make_demo(clone: Path, variables: dict[str, str]) -> str:
    # The environment that runs this test serves as .venv-dev: torch is not installed twice.
    ready = Path(sys.prefix) / ".installed"
    done = subprocess.run(
        ["make", "demo", f"DEV={sys.prefix}", f"--assume-old={ready}"],
        cwd=clone, env=variables | {"COLUMNS": "100"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
        timeout=MOST_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


def steps(said: str) -> list[str]:
    return [line.split()[2] for line in said.splitlines() if line.startswith("$ brainlens ")]


def test_it_ends_with_the_probes_table(clone: Path, plain_environment: dict[str, str]) -> None:
    said = make_demo(clone, plain_environment)
    assert steps(said) == ["data", "train", "export", "evaluate", "serve", "probe"]
    table = said.partition("$ brainlens probe")[2]
    for figure in (
        "sent",
        "failed",
        "accuracy",
        "correct and confident, of all",
        "95th percentile",
    ):
        assert figure in table, f"{figure} is not in the probe's table:\n{table}"


def test_it_does_nothing_twice(clone: Path, plain_environment: dict[str, str]) -> None:
    make_demo(clone, plain_environment)
    again = make_demo(clone, plain_environment)
    assert "is finished" in again
    assert steps(again) == ["train", "evaluate", "serve", "probe"]
