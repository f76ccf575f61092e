"""How long ``/predict`` takes beside the bare work, and beside eager PyTorch.

Run it from the repository's root::

    python -m benchmarks.service [--bundle NAME_OR_PATH] [--images FOLDER] [--out FILE.json]

See ``docs/benchmarks.md`` for what is measured and how to read it.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from benchmarks.bare import Bare
from benchmarks.contender import Contender
from benchmarks.endpoint import brainlens_serve, eager_app
from benchmarks.images import SIDE, folder_images, phantom_images
from benchmarks.machine import cores, describe_machine, versions
from benchmarks.measure import Timings, measure
from benchmarks.service_report import Report
from benchmarks.untrained import make_bundle

from brainlens.bundle.load import load_bundle
from brainlens.bundle.shipped import find, shipped
from brainlens.errors import BrainLensError, CheckFailed
from brainlens.files import write_json

CLIENTS = (1, 4, 8)
TOLERANCE = 1e-3
PAUSE_SECONDS = 0.5
PACKAGES = ("brainlens", "fastapi", "numpy", "onnxruntime", "pillow", "torch", "uvicorn")


def check_agreement(contenders: Sequence[Contender], n_images: int) -> float:
    """Return the largest difference of a probability between contenders, over all images.

    Raises
    ------
    CheckFailed
        If a probability differs by more than `TOLERANCE`, or a class by more than a tie that
        small: then the contenders do not do the same work.
    """
    largest = 0.0
    for index in range(n_images):
        first, *others = [contender.probabilities(index) for contender in contenders]
        ids = list(first)
        expected = np.array([first[c] for c in ids])
        margin = float(np.diff(np.sort(expected)[-2:])[0])
        for contender, other in zip(contenders[1:], others, strict=True):
            found = np.array([other[c] for c in ids])
            difference = float(np.abs(found - expected).max())
            other_class = found.argmax() != expected.argmax() and margin > TOLERANCE
            if difference > TOLERANCE or other_class:
                raise CheckFailed(
                    f"{contender.name} answers image {index} with {other}, "
                    f"{contenders[0].name} with {first}.",
                    hint="Give 8-bit grey or RGB images: the eager application reads no others.",
                )
            largest = max(largest, difference)
    return largest


def run_rounds(
    plan: Sequence[tuple[Contender, int]],
    *,
    n_images: int,
    rounds: int,
    n_requests: int,
    seconds: float,
) -> list[Timings]:
    """Measure every contender of the plan in every round, so that all share the machine's moods.

    No round but the first starts after ``seconds``, and no measurement takes more than its share.
    """
    timings = [Timings(contender.name, clients) for contender, clients in plan]
    end = time.monotonic() + seconds
    share = seconds / (rounds * len(plan))
    for number in range(rounds):
        if number and time.monotonic() > end:
            break
        order = [(number + i) % len(plan) for i in range(len(plan))]
        for i in order:
            time.sleep(PAUSE_SECONDS)
            measure(
                plan[i][0],
                timings[i],
                n_images=n_images,
                n_requests=n_requests,
                deadline=time.monotonic() + share,
            )
    return timings


def benchmark(options: argparse.Namespace, work: Path) -> Report:
    """Start the services, check that all answer alike, measure."""
    path = _bundle_path(options.bundle, work)
    bundle = load_bundle(path)
    images = (
        folder_images(options.images, options.n_images)
        if options.images
        else phantom_images(options.n_images)
    )
    n = cores()
    alone = Bare("bare, 1 thread", bundle, images, threads=1)
    together = Bare(f"bare, {n} threads on one image", bundle, images, threads=n)
    side_by_side = Bare(f"bare, {n} images at a time", bundle, images, threads=1)
    with ExitStack() as running:
        service = running.enter_context(brainlens_serve(path, images, work / "service.log"))
        eager = running.enter_context(eager_app(path, images, n, work / "eager.log"))
        difference = check_agreement((alone, together, service, eager), len(images))
        plan: list[tuple[Contender, int]] = [(alone, 1), (together, 1), (side_by_side, n)]
        plan += [(endpoint, clients) for endpoint in (service, eager) for clients in CLIENTS]
        timings = run_rounds(
            plan,
            n_images=len(images),
            rounds=options.rounds,
            n_requests=options.requests,
            seconds=options.seconds,
        )
    kind = "real" if options.images else f"phantoms of {SIDE} x {SIDE} pixels, JPEG and PNG"
    sizes = [len(image) for image in images]
    facts = {
        "machine": describe_machine(),
        "versions": versions(PACKAGES),
        "bundle": {
            "name": bundle.info.name,
            "version": bundle.info.version,
            "decision_sha256": bundle.info.decision_sha256,
            "input": bundle.info.preprocess.size,
        },
        "threads": {"service": f"{n} workers x 1", "eager PyTorch": n},
        "images": {"n": len(images), "kind": kind, "median_bytes": int(np.median(sizes))},
        "rounds": f"{len(timings[0].rates)}, each of {options.requests} requests a measurement",
        "largest difference of a probability": f"{difference:.1e}",
    }
    return Report(facts, timings, service.name, eager.name, alone.name, side_by_side.name)


def _bundle_path(wanted: str | None, work: Path) -> Path:
    if wanted is not None:
        return find(wanted)
    names = shipped()
    if names:
        return names.get("default") or next(iter(names.values()))
    return make_bundle(work)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--bundle", help="shipped name or path (default: what ships)")
    parser.add_argument("--images", type=Path, help="folder of real images (default: phantoms)")
    parser.add_argument("--n-images", type=int, default=24, help="images, sent in turn")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=200, help="per measurement and round")
    parser.add_argument("--seconds", type=float, default=600, help="time for all rounds")
    parser.add_argument("--out", type=Path, help="JSON file to write as well")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    options = _options(arguments)
    try:
        with tempfile.TemporaryDirectory() as work:
            report = benchmark(options, Path(work))
    except BrainLensError as error:
        print(error, file=sys.stderr)
        return 1 if isinstance(error, CheckFailed) else 2
    print(report.to_markdown(), end="")
    if options.out:
        write_json(options.out, report.to_dict())
    return 0


if __name__ == "__main__":
    sys.exit(main())
