"""What an explanation and the gates cost, beside the way through autograd.

    python -m benchmarks.explanation BUNDLE IMAGE [--explained 10000] [--out FILE]

Medians of processor milliseconds (other programs on the machine do not count) of one slice at a
time and one thread, taken in turns: the engine alone with and without maps and gate outputs, torch
forward and the map of one class by autograd (HiResCAM), each gate, and whole predictions. Then
memory: the largest resident set after a tenth of the explained predictions, and after all.
"""

import argparse
import json
import platform
import resource
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmarks.machine import describe_machine, versions

from brainlens.bundle import find, load_bundle
from brainlens.bundle.load import Bundle
from brainlens.files import write_json
from brainlens.imaging import quantise, read, standardise
from brainlens.inference import Predictor
from brainlens.inference.engine import HEATMAPS, LOGITS, Engine
from brainlens.inference.gates import Evidence, load_gates
from brainlens.networks import create_network

ROUNDS = 100
PREDICTIONS = 30
_KIB_PER_MIB = 1024


def medians_ms(
    contenders: Mapping[str, Callable[[], object]], rounds: int = ROUNDS
) -> dict[str, float]:
    """Return the median processor milliseconds of each contender, measured in turns."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            start = time.process_time()
            run()
            times[name].append(time.process_time() - start)
    return {name: round(1000 * float(np.median(taken)), 3) for name, taken in times.items()}


def engine_and_gates(bundle: Bundle, data: bytes) -> dict[str, dict[str, float]]:
    """Return the medians of the engine by outputs, of torch, and of each gate."""
    engine = Engine(bundle, threads=1)
    gates = load_gates(bundle, engine)
    slice_ = read(data)
    quantised = quantise(slice_, bundle.info.preprocess)
    batch = standardise(quantised, bundle.info.preprocess)[np.newaxis, np.newaxis]
    network = create_network(
        bundle.info.network.name, len(bundle.info.classes), **bundle.info.network.options
    ).eval()
    image = torch.from_numpy(batch)

    def forward() -> torch.Tensor:
        with torch.inference_mode():
            return network(image).logits

    def autograd_map() -> torch.Tensor:
        outputs = network(image)
        (gradient,) = torch.autograd.grad(outputs.logits[:, 0].sum(), outputs.features)
        return torch.relu((gradient * outputs.features).sum(dim=1))

    outputs = tuple(dict.fromkeys((LOGITS, *gates.needs)))
    evidence = Evidence(slice_, quantised, engine.run(batch, outputs))
    return {
        "network": medians_ms(
            {
                "engine: prediction": lambda: engine.run(batch),
                "engine: prediction and all maps": lambda: engine.run(batch, (LOGITS, HEATMAPS)),
                "engine: prediction and gate outputs": lambda: engine.run(batch, outputs),
                "torch: prediction": forward,
                "torch: prediction and one map by autograd": autograd_map,
            }
        ),
        "gates": medians_ms(
            {
                f"{gate.name} {getattr(gate, 'depth', '')}".strip(): partial(gate.check, evidence)
                for gate in gates.all
            }
        ),
    }


def memory_mib(predictor: Predictor, data: bytes, explained: int) -> dict[str, float | int]:
    """Return the largest resident set after a tenth of the predictions and after all."""
    marks = []
    for number in range(1, explained + 1):
        predictor.predict(data, explain=True)
        if number in (explained // 10, explained):
            # Linux tells kibibytes, macOS bytes.
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            marks.append(peak / _KIB_PER_MIB if platform.system() == "Linux" else peak / 2**20)
    first, last = marks[0], marks[-1]
    return {
        "explained": explained,
        "after_a_tenth_mib": round(first, 1),
        "after_all_mib": round(last, 1),
    }


def main() -> None:
    """Measure and print; write the JSON where asked to."""
    parser = argparse.ArgumentParser(description="What an explanation and the gates cost.")
    parser.add_argument("bundle")
    parser.add_argument("image", type=Path)
    parser.add_argument("--explained", type=int, default=10_000)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    bundle = load_bundle(find(given.bundle))
    data = given.image.read_bytes()
    predictor = Predictor(bundle, threads=1)
    report: dict[str, Any] = {
        "machine": describe_machine(),
        "versions": versions(["onnxruntime", "torch", "pillow", "numpy"]),
        "decision_sha256": bundle.info.decision_sha256,
        **engine_and_gates(bundle, data),
        "predictor": medians_ms(
            {
                "prediction": lambda: predictor.predict(data),
                "prediction and explanation": lambda: predictor.predict(data, explain=True),
            },
            PREDICTIONS,
        ),
        "memory": memory_mib(predictor, data, given.explained),
    }
    print(json.dumps(report, indent=2))
    if given.out is not None:
        write_json(given.out, report)


if __name__ == "__main__":
    main()
