"""``make demo``: the whole path on synthetic images, ending with the probe's table."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

MOST_SECONDS = 1800
VERBS = ("data phantom", "train", "export", "evaluate", "serve", "probe")


@pytest.mark.skipif(os.name == "nt", reason="make is not for Windows")
def test_it_ends_with_the_probes_table(clone: Path, plain_environment: dict[str, str]) -> None:
    # The environment that runs this test serves as .venv-dev: torch is not installed twice.
    ready = Path(sys.prefix) / ".installed"
    command = ["make", "demo", f"DEV={sys.prefix}", f"--assume-old={ready}"]
    done = subprocess.run(
        command, cwd=clone, env=plain_environment | {"COLUMNS": "100"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
        timeout=MOST_SECONDS,
    )  # fmt: skip
    said = done.stdout
    assert done.returncode == 0, said
    assert "Traceback" not in said
    steps = re.findall(r"^\$ brainlens (.*)$", said, re.M)
    assert [next(v for v in VERBS if s.startswith(v)) for s in steps] == list(VERBS)
    table = said.partition("$ brainlens probe")[2]
    for figure in ("sent", "failed", "accuracy", "confident", "latency"):
        assert re.search(figure, table, re.I), f"{figure} is not in the probe's table:\n{table}"
