"""The service keeps to its API document, whatever it is asked."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

_ROOT = Path(__file__).parents[2]


def test_no_answer_is_undocumented_and_none_a_failure(
    plain_environment: dict[str, str],
) -> None:
    # `make fuzz-api` runs the same with many more cases.
    command = [sys.executable, "scripts/fuzz_api.py", "--cases", "15", "--seed", "7"]

    ended = subprocess.run(
        command, cwd=_ROOT, env=plain_environment, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stdout[-10_000:]
    # The service's own count, by status.
    counts = {
        int(s): int(n) for s, n in re.findall(r"(\d{3}): (\d+)", ended.stdout.splitlines()[-1])
    }
    assert sum(counts.values()) > 300
    assert counts[200] > 50
    assert max(counts) < 500
