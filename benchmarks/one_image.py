"""How long one image takes a network, beside ResNet-18 at 224 px.

    python -m benchmarks.one_image BUNDLE [BUNDLE …] [--threads 2] [--out benchmarks/results/…]

Medians of wall-clock milliseconds of one image at a time through ONNX Runtime, taken in turns: the
graph of every bundle, asked for its logits as the service asks, and a ResNet-18 of random weights
at 224 px, exported the same way; a network's time does not depend on its weights. Ratios are to
ResNet-18.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort
from benchmarks.machine import describe_machine, versions

from brainlens.bundle import find, load_bundle
from brainlens.bundle.schema import GRAPH
from brainlens.files import write_json
from brainlens.networks import create_network
from brainlens.training.graph import make_graph

YARDSTICK, YARDSTICK_SIZE = "resnet18", 224
ROUNDS = 200


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundles", nargs="+")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/one_image.json"))
    chosen = parser.parse_args()
    graphs = {f"{YARDSTICK} at {YARDSTICK_SIZE} px": (_yardstick(), YARDSTICK_SIZE)}
    for name in chosen.bundles:
        bundle = load_bundle(find(name))
        size = bundle.info.preprocess.size
        graphs[f"{name}: {bundle.info.network.name} at {size} px"] = (bundle.read(GRAPH), size)
    medians = measure(graphs, chosen.threads)
    yardstick = next(iter(medians.values()))
    figures = {
        name: {"ms": round(median, 3), "share_of_resnet18": round(median / yardstick, 3)}
        for name, median in medians.items()
    }
    for name, figure in figures.items():
        print(f"{name}: {figure['ms']} ms, {figure['share_of_resnet18']} of ResNet-18's")
    write_json(
        chosen.out,
        {
            "machine": describe_machine(),
            "versions": versions(["onnxruntime", "torch"]),
            "threads": chosen.threads,
            "rounds": ROUNDS,
            "one image": figures,
        },
    )


def measure(graphs: dict[str, tuple[bytes, int]], threads: int) -> dict[str, float]:
    """Return each graph's median milliseconds for one image, measured in turns."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    # Threads of one session that spin while another is measured would take its cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    runs = {
        name: (
            ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"]),
            np.random.default_rng(0).random((1, 1, size, size), np.float32),
        )
        for name, (graph, size) in graphs.items()
    }
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, (session, image) in runs.items():
            start = time.perf_counter()
            session.run(["logits"], {"image": image})
            times[name].append(time.perf_counter() - start)
    return {name: 1000 * float(np.median(taken)) for name, taken in times.items()}


def _yardstick() -> bytes:
    return make_graph(create_network(YARDSTICK, 3), YARDSTICK_SIZE, half=False)


if __name__ == "__main__":
    main()
