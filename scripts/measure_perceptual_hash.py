"""Measure how far the perceptual hash tells copies of a slice from slices of other patients.

Takes the folder of the Cheng set (``slices.csv`` and ``images/<class>/<slice>.jpg``) and prints the
two tables of ``docs/decisions/0001-perceptual-hash.md``::

    python scripts/measure_perceptual_hash.py data/cheng
"""

import argparse
import csv
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from brainlens.imaging import HammingIndex, PreprocessSpec, perceptual_hash, quantise, read

CLASSES = {"1": "meningioma", "2": "glioma", "3": "pituitary"}
DISTANCES = range(9)


@dataclass(frozen=True)
class Hashed:
    """One slice of the set: whose it is, its official fold, its hash."""

    path: Path
    patient: str
    group: str
    fold: int
    hash: int


def _encode(image: Image.Image, kind: str, quality: int = 75) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, quality=quality)
    return buffer.getvalue()


def _resized(side: int) -> Callable[[Image.Image], bytes]:
    return lambda image: _encode(image.resize((side, side), Image.Resampling.BICUBIC), "BMP")


def _brightened(factor: float) -> Callable[[Image.Image], bytes]:
    return lambda image: _encode(ImageEnhance.Brightness(image).enhance(factor), "BMP")


COPIES: dict[str, Callable[[Image.Image], bytes]] = {
    "JPEG quality 95": lambda image: _encode(image, "JPEG", 95),
    "JPEG quality 75": lambda image: _encode(image, "JPEG", 75),
    "JPEG quality 60": lambda image: _encode(image, "JPEG", 60),
    "resized to 384": _resized(384),
    "resized to 256": _resized(256),
    "224, nearest neighbour, JPEG 75": lambda image: _encode(
        image.resize((224, 224), Image.Resampling.NEAREST), "JPEG"
    ),
    "brightness x 0.7": _brightened(0.7),
    "brightness x 1.3, clipped": _brightened(1.3),
    "contrast x 1.3, clipped": lambda image: _encode(
        ImageEnhance.Contrast(image).enhance(1.3), "BMP"
    ),
    "gamma 0.8": lambda image: _encode(
        image.point([round(255 * (v / 255) ** 0.8) for v in range(256)]), "BMP"
    ),
}


def _hash(source: bytes | Path, spec: PreprocessSpec) -> int:
    return perceptual_hash(quantise(read(source), spec))


def load(folder: Path, spec: PreprocessSpec) -> list[Hashed]:
    """Hash every slice that ``slices.csv`` lists."""
    with (folder / "slices.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    slices = []
    for row in rows:
        path = folder / "images" / CLASSES[row["label"]] / f"{row['slice']}.jpg"
        slices.append(
            Hashed(path, row["pid"], row["base_pid"], int(row["fold"]), _hash(path, spec))
        )
    return slices


def copy_distances(slices: list[Hashed], spec: PreprocessSpec) -> dict[str, list[int]]:
    """Return, for each kind of copy, the distance of every slice to its copy."""
    distances: dict[str, list[int]] = {name: [] for name in COPIES}
    for slice_ in slices:
        image = Image.fromarray(read(slice_.path).pixels)
        for name, copy in COPIES.items():
            distances[name].append((slice_.hash ^ _hash(copy(image), spec)).bit_count())
    return distances


def stranger_distances(slices: list[Hashed], fold: int) -> list[int]:
    """Return each slice's distance to the nearest one of another fold and another group."""
    nearest = []
    for slice_ in slices:
        if slice_.fold != fold:
            continue
        others = HammingIndex(
            other.hash for other in slices if other.fold != fold and other.group != slice_.group
        )
        distance = others.nearest(slice_.hash)
        nearest.append(64 if distance is None else distance)
    return nearest


def neighbour_distances(slices: list[Hashed]) -> list[int]:
    """Return the distances of slices that follow each other in one patient."""
    return [
        (before.hash ^ after.hash).bit_count()
        for before, after in pairwise(slices)
        if before.patient == after.patient
    ]


def _row(name: str, distances: list[int], *, share: bool = True) -> str:
    values: NDArray[np.int64] = np.asarray(distances)
    cells = [
        f"{100 * (values <= most).mean():.1f} %" if share else str(int((values <= most).sum()))
        for most in DISTANCES
    ]
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="folder of the Cheng set")
    parser.add_argument("--size", type=int, default=PreprocessSpec().size)
    parser.add_argument("--intensity", choices=("percentile", "full_range"), default="percentile")
    parser.add_argument("--every", type=int, default=1, help="make copies of every n-th slice only")
    arguments = parser.parse_args()
    spec = PreprocessSpec(size=arguments.size, intensity=arguments.intensity)
    slices = load(arguments.folder, spec)
    copied = copy_distances(slices[:: arguments.every], spec)
    folds = {fold: stranger_distances(slices, fold) for fold in {s.fold for s in slices}}
    neighbours = neighbour_distances(slices)

    heading = " | ".join(f"≤ {most}" for most in DISTANCES)
    rule = "|---" * (len(DISTANCES) + 1) + "|"
    print(
        f"| copies found ({len(slices[:: arguments.every])} slices) | {heading} |", rule, sep="\n"
    )
    for name, distances in copied.items():
        print(_row(name, distances))
    print(_row("all of these", [d for distances in copied.values() for d in distances]))
    print()
    print(f"| slices taken for a copy of another | {heading} |", rule, sep="\n")
    everyone = [d for distances in folds.values() for d in distances]
    for name, distances in (
        (f"fold 1 in folds 2–5, other groups (of {len(folds[1])})", folds[1]),
        (f"each fold in the others, other groups (of {len(everyone)})", everyone),
        (f"the next slice of the same patient (of {len(neighbours)})", neighbours),
    ):
        print(_row(name, distances, share=False))


if __name__ == "__main__":
    main()
