"""The benchmark of the service runs, and compares what can be compared."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"


def test_the_yardstick_is_thirty_lines_of_code_at_most() -> None:
    text = (BENCHMARKS / "eager_app.py").read_text("utf-8")
    docstring = ast.parse(text).body[0]
    code = [line for line in text.splitlines()[docstring.end_lineno :] if line.strip()]
    assert len(code) <= 30


@pytest.mark.system
def test_it_measures_all_contenders_and_stops(
    plain_environment: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "figures.json"
    command = [sys.executable, "-W", "error", "-m", "benchmarks.service", "--out", str(out)]
    command += ["--n-images", "3", "--rounds", "1", "--requests", "8", "--seconds", "120"]
    done = subprocess.run(
        command, cwd=ROOT, env=plain_environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(out.read_text("utf-8"))
    measured = {(r["contender"].partition(",")[0], r["clients"]) for r in figures["results"]}
    assert measured >= {
        ("bare", 1),
        *(("brainlens serve", n) for n in (1, 4, 8)),
        *(("FastAPI + eager PyTorch", n) for n in (1, 4, 8)),
    }
    for result in figures["results"]:
        assert result["n_requests"] > 0
        assert 0 < result["median_ms"] <= result["p95_ms"]
    assert all(ratio > 0 for ratio in figures["ratios"].values())
    assert "| brainlens serve | 8 |" in done.stdout
