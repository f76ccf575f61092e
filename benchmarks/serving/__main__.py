"""What ``brainlens serve`` answers under load, beside what else could answer in its place.

Run it from the repository's root::

    python -m benchmarks.serving [--images FOLDER] [--out FILE.json]

See ``docs/benchmarks.md`` for what is measured and how to read it. Ctrl+C ends it with what was
measured until then.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from benchmarks.machine import cores, describe_machine, versions
from benchmarks.serving.aims import CLIENTS
from benchmarks.serving.forms import write_forms
from benchmarks.serving.images import SIDE, accepted, folder_images, phantom_images
from benchmarks.serving.load import TIMEOUT_S, require_wrk
from benchmarks.serving.measurement import Measurement
from benchmarks.serving.report import Report
from benchmarks.serving.rounds import run_rounds
from benchmarks.serving.untrained import make_bundle

from benchmarks.serving import contenders
from brainlens.bundle.load import Bundle, load_bundle
from brainlens.bundle.shipped import find, shipped
from brainlens.errors import BrainLensError, CheckFailed
from brainlens.files import write_json

PACKAGES: Final = ("brainlens", "fastapi", "numpy", "onnxruntime", "pillow", "torch", "uvicorn")


def benchmark(options: argparse.Namespace, work: Path) -> Report:
    """Measure all contenders, until done, interrupted or out of time."""
    require_wrk()
    path = _bundle_path(options, work)
    bundle = load_bundle(path)
    given = (
        folder_images(options.images, options.n_images)
        if options.images
        else phantom_images(options.n_images)
    )
    images = accepted(given, bundle)
    write_forms(images, work / "forms")
    n = cores()
    others = [
        contenders.service(path, n, work / "kept"),
        contenders.onnx(path),
        contenders.eager(path, n),
    ]
    litserve = contenders.litserve(path, n, options.litserve)
    if litserve is None:
        _say(f"{contenders.LITSERVE} is left out: there is no environment {options.litserve}.")
    else:
        others.append(litserve)
    measurement = Measurement(bundle, images, work, seconds=options.seconds, say=_say)
    turns = measurement.turns(n, others)
    interrupted = False
    taken = 0
    try:
        taken = run_rounds(turns, options.rounds, options.minutes)
    except KeyboardInterrupt:
        interrupted = True
    facts = {
        **_facts(options, bundle, images),
        "left out": "nothing" if litserve else f"{contenders.LITSERVE}, which is not installed",
        "rounds": _rounds(options, len(turns), taken, interrupted=interrupted),
        "largest difference of a probability": f"{measurement.difference:.1e}",
    }
    return Report(facts, measurement.results(), n)


def _rounds(options: argparse.Namespace, turns: int, taken: int, *, interrupted: bool) -> str:
    said = f"{options.rounds} of {options.seconds} s a measurement"
    if interrupted:
        return f"{said}, interrupted before the end"
    if taken < options.rounds * turns:
        return f"{said}, of which {taken} of {options.rounds * turns} turns fitted into the time"
    return said


def _facts(
    options: argparse.Namespace, bundle: Bundle, images: Sequence[bytes]
) -> dict[str, object]:
    kind = "real" if options.images else f"phantoms of {SIDE} x {SIDE} pixels, JPEG and PNG"
    return {
        "measured": time.strftime("%Y-%m-%d"),
        "machine": describe_machine(),
        "versions": versions(PACKAGES),
        "bundle": {
            "name": bundle.info.name,
            "version": bundle.info.version,
            "decision_sha256": bundle.info.decision_sha256,
            "input": bundle.info.preprocess.size,
        },
        "images": {
            "n": len(images),
            "kind": kind,
            "median_bytes": int(np.median([len(image) for image in images])),
        },
        "clients": {"numbers": CLIENTS, "timeout_s": TIMEOUT_S},
    }


def _bundle_path(options: argparse.Namespace, work: Path) -> Path:
    if options.bundle is not None:
        return find(options.bundle)
    # Phantoms are what the second bundle was trained on; the first one's gates may reject them.
    names = shipped()
    path = names.get("default" if options.images else "demo")
    return make_bundle(work) if path is None else path


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.serving", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--bundle", help="shipped name or path (default: what ships)")
    parser.add_argument("--images", type=Path, help="folder of real images (default: phantoms)")
    parser.add_argument("--n-images", type=int, default=24, help="images, sent in turn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=7, help="a measurement (default: 7)")
    parser.add_argument("--minutes", type=float, default=9.5, help="all rounds (default: 9.5)")
    parser.add_argument(
        "--litserve",
        type=Path,
        default=Path(".venv-litserve"),
        metavar="FOLDER",
        help="virtual environment with LitServe; left out where there is none",
    )
    parser.add_argument("--out", type=Path, help="JSON file to write as well")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    options = _options(arguments)
    # Told to end, it ends the servers too, and tells what it has.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory() as work:
            report = benchmark(options, Path(work))
    except BrainLensError as error:
        _say(str(error))
        return 1 if isinstance(error, CheckFailed) else 2
    print(report.to_markdown(), end="")
    if options.out:
        write_json(options.out, report.to_dict())
    return 0


if __name__ == "__main__":
    sys.exit(main())
