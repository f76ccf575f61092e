"""Measure how time and memory of `brainlens data audit` grow with the number of images.

::

    python -m benchmarks.audit_growth 1000 10000 100000 [--work FOLDER]

Audits phantoms of 128 pixels, made on the fly, each count in a process of its own: the whole verb,
report included. Processor seconds are those of that process; making the phantoms is left out, as no
audit has to. Results go to ``benchmarks/results/audit_growth.json`` as soon as there are any.
"""

import argparse
import json
import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import describe_machine, versions

from brainlens.datasets.phantom import write_phantoms
from brainlens.files import write_json

RESULTS = Path(__file__).parent / "results" / "audit_growth.json"
SEED = 20
SIDE = 128
PACKAGES = ("numpy", "pillow", "opencv-python-headless", "scikit-learn", "usearch")


def measure(count: int, work: Path) -> dict[str, Any]:
    """Make ``count`` phantoms in ``work``, audit them, and return what it took."""
    data, report = work / f"phantoms-{count}", work / f"report-{count}"
    if not data.exists():
        write_phantoms(data, count, SEED, size=SIDE)
    shutil.rmtree(report, ignore_errors=True)
    command = [sys.executable, "-m", "brainlens", "data", "audit", str(data)]
    start = time.perf_counter()
    pid = os.posix_spawn(sys.executable, [*command, "--out", str(report)], os.environ)
    _, status, used = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"The audit of {count} phantoms failed.")
    found = json.loads((report / "audit.json").read_text("utf-8"))
    seconds = used.ru_utime + used.ru_stime
    return {
        "images": count,
        "side": SIDE,
        "wall_seconds": round(wall, 1),
        "cpu_seconds": round(seconds, 1),
        "cpu_ms_per_image_over_log2_n": round(1000 * seconds / (count * math.log2(count)), 3),
        "peak_memory_mib": used.ru_maxrss // 1024,
        "copy_sets": len(found["copy_sets"]),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every count that was asked for; rows of other counts stay."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("counts", type=int, nargs="+")
    parser.add_argument("--work", type=Path, help="where phantoms and reports go; kept")
    options = parser.parse_args(arguments)
    known = json.loads(RESULTS.read_text("utf-8"))["growth"] if RESULTS.exists() else []
    rows = {row["images"]: row for row in known}
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        for count in options.counts:
            rows[count] = measure(count, work)
            print(rows[count], flush=True)
            machine = describe_machine() | versions(PACKAGES)
            growth = [rows[n] for n in sorted(rows)]
            write_json(RESULTS, {"machine": machine, "growth": growth})


if __name__ == "__main__":
    main()
