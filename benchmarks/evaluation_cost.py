"""What an evaluation costs beside the bare work on the same files.

::

    python -m benchmarks.evaluation_cost MANIFEST [--bundle default] [--workers N] [--rounds 3]

``bare`` reads, preprocesses and runs every file of the manifest, ``--workers`` at a time with one
engine thread each, and keeps the logits. ``evaluate`` is `brainlens.evaluation.evaluate.evaluate`
on the same files with as many workers: hashes, answers, outcomes, every figure, 2,000 bootstrap
draws. Rounds alternate, so that both meet the same machine. The result goes to
``benchmarks/results/evaluation_cost.json``.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from benchmarks.machine import cores, describe_machine, versions

from brainlens.bundle import find, load_bundle
from brainlens.bundle.load import Bundle
from brainlens.datasets.manifest import Manifest
from brainlens.evaluation.evaluate import evaluate
from brainlens.files import write_json
from brainlens.imaging import preprocess, read
from brainlens.inference.engine import LOGITS, Engine
from brainlens.inference.ordered import map_in_order

RESULTS = Path(__file__).parent / "results" / "evaluation_cost.json"
PACKAGES = ("numpy", "onnxruntime", "pillow", "scikit-learn")


def bare(bundle: Bundle, manifest: Manifest, workers: int) -> None:
    """Decode, preprocess and run every file, and nothing else."""
    engine = Engine(bundle, threads=1)
    spec = bundle.info.preprocess

    def one(path: Path) -> Any:
        batch = preprocess(read(path.read_bytes()), spec)[np.newaxis]
        return engine.run(batch)[LOGITS][0]

    for _ in map_in_order(one, (row.path for row in manifest.rows), workers):
        pass


def timed(work: Callable[[], object]) -> dict[str, float]:
    """Return seconds by the clock and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {
        "wall_seconds": round(time.perf_counter() - wall, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
    }


def main() -> None:
    """Measure in alternating rounds, print and keep."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--bundle", default="default")
    parser.add_argument("--workers", type=int, default=cores())
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    bundle = load_bundle(find(options.bundle))
    # All of it is one test set, whatever its splits.
    whole = Manifest.load(options.manifest)
    of_classes = {c.id for c in bundle.info.classes}
    rows = (row for row in whole.rows if row.label in of_classes)
    manifest = whole.with_rows(replace(row, split="") for row in rows)
    found: dict[str, list[dict[str, float]]] = {"bare": [], "evaluate": []}
    for _ in range(options.rounds):
        found["bare"].append(timed(lambda: bare(bundle, manifest, options.workers)))
        found["evaluate"].append(timed(lambda: evaluate(bundle, manifest, workers=options.workers)))
        print({name: rounds[-1] for name, rounds in found.items()}, flush=True)
    wall, cpu = (
        {name: median(one[what] for one in rounds) for name, rounds in found.items()}
        for what in ("wall_seconds", "cpu_seconds")
    )
    result = {
        "machine": describe_machine() | versions(PACKAGES),
        "decision_sha256": bundle.info.decision_sha256,
        "n_slices": len(manifest),
        "workers": options.workers,
        "rounds": found,
        "ratio_of_wall_seconds": round(wall["evaluate"] / wall["bare"], 3),
        "ratio_of_cpu_seconds": round(cpu["evaluate"] / cpu["bare"], 3),
    }
    print(result["ratio_of_wall_seconds"], result["ratio_of_cpu_seconds"])
    write_json(RESULTS, result)


if __name__ == "__main__":
    main()
