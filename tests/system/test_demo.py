"""`make demo`, without make: the whole path, and what it does not do twice."""

import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "scripts" / "demo.py"


def _demo(folder: Path) -> str:
    command = [sys.executable, str(DEMO), "--folder", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.system
def test_the_demonstration_ends_with_the_probes_table(tmp_path: Path) -> None:
    said = _demo(tmp_path / "demo")
    commands = [line.split()[2] for line in said.splitlines() if line.startswith("$ brainlens ")]
    assert commands == ["data", "train", "export", "evaluate", "serve", "probe"]
    probed = said[said.index("$ brainlens probe") :]
    assert "correct and confident, of all" in probed
    assert "95th percentile" in probed
    again = _demo(tmp_path / "demo")
    assert "is finished" in again
    assert "$ brainlens data" not in again
    assert "$ brainlens export" not in again
