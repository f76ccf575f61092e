"""Slices per second of SimpleCNN's training step, by precision, and what the loader costs.

    python benchmarks/training_speed.py [--threads N] [--size 128] [--steps 20]

``bare`` repeats forward, backward and Adam's step on one batch in memory. ``real`` does the same
with batches read from a memory-mapped cache and augmented, as a run does.
"""

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional
from torch.utils.data import DataLoader

from brainlens.imaging.spec import PreprocessSpec
from brainlens.networks import create_network
from brainlens.training.augmentation import augment, draw
from brainlens.training.config import preset
from brainlens.training.order import SeededOrder
from brainlens.training.slices import Batch, CachedSlices, keep

BATCH = 32


def step_time(batches: Iterator[tuple[torch.Tensor, torch.Tensor]], *, bf16: bool) -> float:
    """Return the median seconds of a training step over ``batches``, the first two left out."""
    network = create_network("simple_cnn", 3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs leave out this keyword
    network.train()
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-4)
    times = []
    start = time.perf_counter()
    for images, labels in batches:
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = functional.cross_entropy(network(images).logits, labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimizer.step()
        now = time.perf_counter()
        times.append(now - start)
        start = now
    return float(np.median(times[2:]))


def bare(size: int, steps: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield one batch again and again."""
    images = torch.rand(BATCH, 1, size, size).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, 3, (BATCH,))
    for _ in range(steps + 2):
        yield images, labels


def real(size: int, steps: int, folder: Path) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield batches out of a memory-mapped file, augmented by the default preset."""
    n = (steps + 2) * BATCH
    path = folder / "images.npy"
    if not path.exists():
        generator = np.random.default_rng(0)
        np.save(path, generator.integers(0, 256, (n, size, size), np.uint8))
    slices = CachedSlices(np.load(path, mmap_mode="r"), range(n), [i % 3 for i in range(n)])
    spec = preset("default", folder, preprocess=PreprocessSpec(size=size)).augmentation
    if spec is None:
        raise ValueError("the default preset augments")
    loader: DataLoader[Batch] = DataLoader(
        slices, BATCH, sampler=SeededOrder(n, 0), collate_fn=keep
    )
    for batch in loader:
        draws = draw(0, 0, batch.indices.numpy(), size)
        images = augment(batch.images.float() / 255, draws, spec)
        yield images.contiguous(memory_format=torch.channels_last), batch.labels


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"{options.threads} threads, torch {torch.__version__}, {options.size} px, batch {BATCH}"
    )
    with tempfile.TemporaryDirectory() as name:
        for bf16 in (False, True):
            plain = step_time(bare(options.size, options.steps), bf16=bf16)
            whole = step_time(real(options.size, options.steps, Path(name)), bf16=bf16)
            print(
                f"{'bf16' if bf16 else 'fp32'}, channels last: bare {BATCH / plain:.1f} slices/s, "
                f"real {BATCH / whole:.1f} slices/s, the loader and augmentation take "
                f"{1 - plain / whole:.1%} of the step"
            )


if __name__ == "__main__":
    main()
